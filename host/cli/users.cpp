#include <fmt/format.h>

#include "host/api/first_account.hpp"
#include "host/auth/crypto.hpp"
#include "host/auth/password.hpp"
#include "host/base/time.hpp"
#include "host/cli/access.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/password_input.hpp"

namespace stipend::cli {
namespace {

struct NewPassword {
    std::string hash;
    std::string generated;  // to be shown; empty where it was given
};

Result<NewPassword> new_password(const UserOptions& options) {
    NewPassword out;
    std::string password;
    if (options.generate) {
        STIPEND_SET(password, api::generate_password());
        out.generated = password;
    } else {
        STIPEND_SET(password, read_password(options.password_file));
    }
    auto hash = auth::hash_password(password, {});
    auth::wipe(password);
    if (!hash) return std::move(hash).error();
    out.hash = std::move(*hash);
    return out;
}

int done(const UserOptions& options, const NewPassword& password, std::string_view what) {
    if (options.common.json) {
        auto out = Json::object().append("account", options.name);
        if (!password.generated.empty()) out.append("password", password.generated);
        fmt::print("{}\n", out.dump());
    } else if (password.generated.empty()) {
        fmt::print("{} {}\n", what, options.name);
    } else {
        fmt::print("{} {}, with the password {}\nIt is not shown again.\n", what, options.name, password.generated);
    }
    return exit_good;
}

}  // namespace

int user_add(const UserOptions& options) {
    const auto role = parse_role(options.role);
    if (!role) return print_error(role.error()), exit_usage;
    if (const auto fit = api::check_account_name(options.name); !fit) return print_error(fit.error()), exit_usage;
    int status = exit_good;
    const auto store = open_access(options.common, status);
    if (!store) return status;
    const auto password = new_password(options);
    if (!password) return print_error(password.error());
    const auto now = SystemClock().now();
    const auto added = store->add_account(
        {.name = options.name, .password_hash = password->hash, .role = *role, .created_at = now, .changed_at = now});
    return added ? done(options, *password, cat("added the ", auth::name_of(*role))) : print_error(added.error());
}

int user_passwd(const UserOptions& options) {
    int status = exit_good;
    const auto store = open_access(options.common, status);
    if (!store) return status;
    const auto there = store->account(options.name);
    if (!there) return print_error(there.error());
    if (!*there) return print_error(fail(STIPEND_E_INVALID, "no such account: ", clip(options.name, 254)));
    const auto password = new_password(options);
    if (!password) return print_error(password.error());
    const auto set = store->set_password(options.name, password->hash, SystemClock().now());
    return set ? done(options, *password, "changed the password, and ended all logins, of") : print_error(set.error());
}

int user_list(const Common& common) {
    int status = exit_good;
    const auto store = open_access(common, status);
    if (!store) return status;
    const auto accounts = store->accounts();
    if (!accounts) return print_error(accounts.error());
    auto list = Json::array();
    for (const auto& one : *accounts) {
        if (common.json) {
            list.push(Json::object()
                          .append("account", one.name)
                          .append("role", auth::name_of(one.role))
                          .append("created_at", utc_text(one.created_at))
                          .append("changed_at", utc_text(one.changed_at)));
        } else {
            fmt::print("{:<40} {:<10} since {}\n", one.name, auth::name_of(one.role), utc_text(one.created_at));
        }
    }
    if (common.json) fmt::print("{}\n", list.dump());
    return exit_good;
}

int user_remove(const UserOptions& options) {
    int status = exit_good;
    const auto store = open_access(options.common, status);
    if (!store) return status;
    const auto removed = store->remove_account(options.name);
    return removed ? done(options, {}, "removed") : print_error(removed.error());
}

}  // namespace stipend::cli
