// The descriptors that a writer's database has of its own files.
//
// Rationale: SQLite writes by number. Code in this process, such as a plugin, that closes a number that is not its own
// lets the next file that is opened have it, and SQLite would write its pages into that one.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::ledger {

class OwnDescriptors {
  public:
    // Before the database is opened: others may have the same files open.
    [[nodiscard]] static OwnDescriptors others(const std::filesystem::path& database);
    // Those of the database and its WAL that were opened since `others`. Without /proc there are none, and no check
    // finds anything.
    [[nodiscard]] static OwnDescriptors since(const OwnDescriptors& others, const std::filesystem::path& database);

    // STATE, for ever, where one is not what it was. A system call for each.
    [[nodiscard]] Result<void> check() const;
    [[nodiscard]] std::size_t count() const { return open_.size(); }

  private:
    struct Open {
        int fd = -1;
        dev_t device = 0;
        ino_t inode = 0;
        std::string file = {};  // without its folder
    };
    [[nodiscard]] static std::vector<Open> of(const std::filesystem::path& database);

    std::vector<Open> open_;
};

}  // namespace stipend::ledger
