#include <fmt/format.h>

#include "host/auth/api_key.hpp"
#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/access.hpp"
#include "host/cli/commands.hpp"
#include "stipend/duration.hpp"

namespace stipend::cli {
namespace {

Result<auth::ApiKeyTerms> terms_of(const ApiKeyOptions& options, stipend_unix_ns now) {
    auth::ApiKeyTerms out;
    STIPEND_SET(out.role, parse_role(options.role));
    out.scopes = auth::Permissions::of(out.role);
    if (!options.scopes.empty()) {
        const auto scopes = auth::Permissions::parse(options.scopes);
        if (!scopes) {
            return fail(STIPEND_E_INVALID, "--scopes: got \"", clip(options.scopes, 200),
                        "\", want some of these, separated by one blank: ", auth::Permissions::of(out.role).text());
        }
        out.scopes = *scopes;
    }
    if (!options.expires_in.empty()) {
        const auto after = parse_duration(options.expires_in);
        stipend_unix_ns at = 0;
        if (!after || *after <= 0 || __builtin_add_overflow(now, *after, &at)) {
            return fail(STIPEND_E_INVALID, "--expires-in: got \"", clip(options.expires_in, 64),
                        "\", want a duration, such as 90d");
        }
        out.expires_at = at;
    }
    return out;
}

Json time_or_null(const std::optional<stipend_unix_ns>& at) {
    return at ? Json(utc_text(*at)) : Json();
}

std::string state_of(const auth::ApiKeyRecord& record, stipend_unix_ns now) {
    if (record.revoked_at) return "revoked " + utc_text(*record.revoked_at);
    if (!record.expires_at) return "valid";
    return cat(*record.expires_at <= now ? "expired " : "valid until ", utc_text(*record.expires_at));
}

}  // namespace

int api_key_add(const ApiKeyOptions& options) {
    const auto now = SystemClock().now();
    const auto terms = terms_of(options, now);
    if (!terms) return print_error(terms.error()), exit_usage;
    int status = exit_good;
    const auto store = open_access(options.common, status);
    if (!store) return status;
    const auto key = auth::make_api_key(*terms, now);
    if (!key) return print_error(key.error());
    if (const auto added = store->add_api_key({.name = options.name, .record = key->record}); !added)
        return print_error(added.error());
    if (options.common.json) {
        fmt::print("{}\n", Json::object().append("id", key->record.id).append("key", key->text.view()).dump());
    } else {
        fmt::print("{}\nIt is not shown again. Its id is {}.\n", key->text.view(), key->record.id);
    }
    return exit_good;
}

int api_key_list(const Common& common) {
    int status = exit_good;
    const auto store = open_access(common, status);
    if (!store) return status;
    const auto keys = store->api_keys();
    if (!keys) return print_error(keys.error());
    const auto now = SystemClock().now();
    auto list = Json::array();
    for (const auto& [name, record] : *keys) {
        if (common.json) {
            list.push(Json::object()
                          .append("id", record.id)
                          .append("name", name)
                          .append("role", auth::name_of(record.role))
                          .append("scopes", record.scopes.text())
                          .append("created_at", utc_text(record.created_at))
                          .append("expires_at", time_or_null(record.expires_at))
                          .append("revoked_at", time_or_null(record.revoked_at)));
        } else {
            fmt::print("{}  {:<30} {:<10} {}\n", record.id, printable(name), auth::name_of(record.role),
                       state_of(record, now));
        }
    }
    if (common.json) fmt::print("{}\n", list.dump());
    return exit_good;
}

int api_key_revoke(const ApiKeyOptions& options) {
    int status = exit_good;
    const auto store = open_access(options.common, status);
    if (!store) return status;
    if (const auto revoked = store->revoke_api_key(options.id, SystemClock().now()); !revoked)
        return print_error(revoked.error());
    if (options.common.json) {
        fmt::print("{}\n", Json::object().append("id", options.id).dump());
    } else {
        fmt::print("revoked {}\n", options.id);
    }
    return exit_good;
}

}  // namespace stipend::cli
