// Whether a file is finished: there is no writer, and it has been the same for a while.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "stipend/result.hpp"

namespace stipend::plugin {

// By which two states of a file differ, without reading it; of the file that a link leads to.
struct FileStamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
// None where there is no file.
[[nodiscard]] std::optional<FileStamp> stamp_of(const std::filesystem::path& file);

// Waits until a file is finished and returns its SHA-256: no process has it open for writing (where the system says so,
// for a file of one's own), it has not changed for `quiet_ns`, and two hashes with that time between them agree. Where
// it is not known whether there is a writer, the time is three times as long. A file that was last changed longer than
// that ago is hashed once. Empty where there is no file, or none that can be read. BUSY after `patience_ns`. Blocks.
Result<std::string> await_settled(const std::filesystem::path& file, std::int64_t quiet_ns, std::int64_t patience_ns);

}  // namespace stipend::plugin
