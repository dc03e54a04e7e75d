#include "host/api/first_account.hpp"

#include "host/auth/crypto.hpp"
#include "host/auth/password.hpp"
#include "host/base/file.hpp"

namespace stipend::api {

Result<std::string> generate_password() {
    return auth::random_hex(16);
}

Result<std::optional<FirstAccount>> make_first_account(AccessStore& store, std::string_view name,
                                                       std::string_view password, const std::filesystem::path& folder,
                                                       stipend_unix_ns now) {
    STIPEND_LET(there, store.accounts());
    if (!there.empty()) return std::optional<FirstAccount>();
    FirstAccount out{.name = std::string(name), .password_file = {}};
    std::string generated;
    if (password.empty()) {
        STIPEND_SET(generated, generate_password());
        password = generated;
    }
    STIPEND_LET(hash, auth::hash_password(password, {}));
    if (!generated.empty()) {
        // Before the account: after a crash in between the next start writes another one.
        out.password_file = folder / "admin-password";
        STIPEND_TRY(write_file_atomically(*out.password_file, generated + "\n", 0600));
    }
    STIPEND_TRY(store.add_account({.name = out.name,
                                   .password_hash = std::move(hash),
                                   .role = auth::AccessRole::admin,
                                   .created_at = now,
                                   .changed_at = now}));
    return std::optional(std::move(out));
}

}  // namespace stipend::api
