#include "host/auth/access_role.hpp"

namespace stipend::auth {
namespace {

constexpr std::array<std::string_view, access_role_count> role_names{"admin", "operator", "viewer", "orchestrator"};

constexpr bool rows_are_in_order() {
    for (std::size_t at = 0; at < permission_count; ++at) {
        if (static_cast<std::size_t>(permission_table[at].permission) != at) return false;
    }
    return true;
}

constexpr bool names_are_distinct() {
    for (std::size_t at = 0; at < permission_count; ++at) {
        if (permission_table[at].name.empty()) return false;
        for (std::size_t other = 0; other < at; ++other) {
            if (permission_table[at].name == permission_table[other].name) return false;
        }
    }
    return true;
}

constexpr bool admin_may_do_everything() {
    return Permissions::of(AccessRole::admin) == Permissions::all();
}

// An orchestrator's account never reaches what belongs to another.
constexpr bool orchestrators_reach_only_their_own() {
    for (const auto& row : permission_table) {
        if (allows(AccessRole::orchestrator, row.permission) && !row.name.starts_with("own:")) return false;
    }
    return true;
}

constexpr bool viewers_only_read() {
    for (const auto& row : permission_table) {
        if (allows(AccessRole::viewer, row.permission) && !row.name.ends_with(":read")) return false;
    }
    return true;
}

static_assert(static_cast<std::size_t>(AccessRole::orchestrator) + 1 == access_role_count);
static_assert(static_cast<std::size_t>(Permission::policy_write) + 1 == permission_count);
static_assert(rows_are_in_order());
static_assert(names_are_distinct());
static_assert(admin_may_do_everything());
static_assert(orchestrators_reach_only_their_own());
static_assert(viewers_only_read());

std::optional<Permission> parse_permission(std::string_view name) {
    for (const auto& row : permission_table) {
        if (row.name == name) return row.permission;
    }
    return std::nullopt;
}

}  // namespace

std::string Permissions::text() const {
    std::string out;
    for (const auto& row : permission_table) {
        if (!has(row.permission)) continue;
        if (!out.empty()) out.push_back(' ');
        out.append(row.name);
    }
    return out;
}

std::optional<Permissions> Permissions::parse(std::string_view text) {
    Permissions out;
    while (!text.empty()) {
        const auto blank = text.find(' ');
        const auto permission = parse_permission(text.substr(0, blank));
        if (!permission || out.has(*permission)) return std::nullopt;
        out.add(*permission);
        if (blank == std::string_view::npos) break;
        text.remove_prefix(blank + 1);
        if (text.empty()) return std::nullopt;
    }
    return out;
}

std::string_view name_of(AccessRole role) {
    return role_names[static_cast<std::size_t>(role)];
}

std::optional<AccessRole> parse_access_role(std::string_view name) {
    for (std::size_t at = 0; at < access_role_count; ++at) {
        if (role_names[at] == name) return static_cast<AccessRole>(at);
    }
    return std::nullopt;
}

}  // namespace stipend::auth
