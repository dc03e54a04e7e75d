// The account by which an operator first reaches the API.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "host/api/access_store.hpp"

namespace stipend::api {

// A password that this program makes: 128 random bits as text.
[[nodiscard]] Result<std::string> generate_password();

struct FirstAccount {
    std::string name;
    // Where the password was written, for the owner of the file alone; nothing where it was given.
    std::optional<std::filesystem::path> password_file;
};

// Makes an administrator where there is no account yet; nothing otherwise. Without a password, one is generated and
// written to `admin-password` in `folder`.
[[nodiscard]] Result<std::optional<FirstAccount>> make_first_account(AccessStore& store, std::string_view name,
                                                                     std::string_view password,
                                                                     const std::filesystem::path& folder,
                                                                     stipend_unix_ns now);

}  // namespace stipend::api
