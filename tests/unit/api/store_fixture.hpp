// A store in a folder of its own.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "host/api/access_store.hpp"

namespace stipend::api::testing {

inline constexpr std::int64_t second = 1'000'000'000;
inline constexpr stipend_unix_ns noon = 1'795'694'400 * second;

class Folder {
  public:
    Folder() {
        auto name = (std::filesystem::temp_directory_path() / "stipend-api-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::filesystem::path file() const { return path_ / "access.db"; }
    [[nodiscard]] std::unique_ptr<AccessStore> store() const {
        auto out = AccessStore::open(file());
        REQUIRE_MESSAGE(out.ok(), (out.ok() ? "" : out.error().message));
        return std::move(*out);
    }

  private:
    std::filesystem::path path_;
};

inline Account account(const std::string& name, auth::AccessRole role = auth::AccessRole::viewer) {
    return {.name = name, .password_hash = "hash of " + name, .role = role, .created_at = noon, .changed_at = noon};
}

}  // namespace stipend::api::testing
