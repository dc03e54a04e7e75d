// Where alerts and the messages about them survive a restart: a small SQLite file in the state folder, apart from the
// ledger, which no alert may hold up.
#pragma once

#include <filesystem>
#include <memory>

#include "host/alert/alert.hpp"
#include "stipend/result.hpp"

namespace stipend::alert {

class Store {
  public:
    // Opens the file, or makes it. INVALID: it is damaged, of another version, or no store.
    static Result<std::unique_ptr<Store>> open(const std::filesystem::path& file);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    Result<State> load();
    // Durable when it returns; all of it or nothing.
    Result<void> write(const Changes& changes);

  private:
    struct Files;
    explicit Store(std::unique_ptr<Files> files);
    std::unique_ptr<Files> files_;
};

[[nodiscard]] std::filesystem::path store_file(const std::filesystem::path& state_folder);

}  // namespace stipend::alert
