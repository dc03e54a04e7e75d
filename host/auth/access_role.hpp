// What an account of the manager's API may do: four access roles, one table of permissions. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stipend::auth {

enum class AccessRole : std::uint8_t { admin, operator_, viewer, orchestrator };
inline constexpr std::size_t access_role_count = 4;

enum class Permission : std::uint8_t {
    own_read,                // an orchestrator's status, decisions and payments: its own
    own_update,              // its own registration, disconnection and credential
    own_proof,               // a proof of its own
    orchestrators_read,      // all of them, and the list that gateways poll
    orchestrators_register,  // for another; approved at once where the role may approve
    orchestrators_update,    // endpoint, address, service addresses
    orchestrators_approve,
    orchestrators_disconnect,
    payments_read,     // decisions, payments, gaps; as JSON and CSV
    payments_process,  // a manual payment
    payments_adjust,   // adjustments and pardons
    jobs_distribute,
    status_read,  // health in detail, metrics, the event stream
    configuration_reload,
    accounts_manage,
    keys_manage,        // API keys
    objections_answer,  // by a reason; one that pays wants payments_adjust as well
    policy_write,       // the tables of the policy
};
inline constexpr std::size_t permission_count = 18;

// A set of permissions: what a token or an API key is limited to.
class Permissions {
  public:
    constexpr Permissions() = default;
    [[nodiscard]] static constexpr Permissions all() { return Permissions((1U << permission_count) - 1); }
    [[nodiscard]] static constexpr Permissions of(AccessRole role);

    constexpr void add(Permission permission) { bits_ |= bit(permission); }
    [[nodiscard]] constexpr bool has(Permission permission) const { return (bits_ & bit(permission)) != 0; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    // What is in both sets.
    [[nodiscard]] constexpr Permissions within(Permissions other) const { return Permissions(bits_ & other.bits_); }
    // The names in the order of the table, separated by one blank.
    [[nodiscard]] std::string text() const;
    // Reads text(); nothing for an unknown name, a name given twice, or other blanks.
    [[nodiscard]] static std::optional<Permissions> parse(std::string_view text);

    friend constexpr bool operator==(Permissions, Permissions) = default;

  private:
    explicit constexpr Permissions(std::uint32_t bits) : bits_(bits) {}
    static constexpr std::uint32_t bit(Permission permission) { return 1U << static_cast<unsigned>(permission); }
    std::uint32_t bits_ = 0;
};

struct PermissionRow {
    Permission permission;
    std::string_view name;
    std::array<bool, access_role_count> roles;  // admin, operator, viewer, orchestrator
};

// The one place that says which access role may do what.
inline constexpr std::array<PermissionRow, permission_count> permission_table{{
    {Permission::own_read, "own:read", {true, true, true, true}},
    {Permission::own_update, "own:update", {true, true, false, true}},
    {Permission::own_proof, "own:proof", {true, false, false, true}},
    {Permission::orchestrators_read, "orchestrators:read", {true, true, true, false}},
    {Permission::orchestrators_register, "orchestrators:register", {true, true, false, false}},
    {Permission::orchestrators_update, "orchestrators:update", {true, true, false, false}},
    {Permission::orchestrators_approve, "orchestrators:approve", {true, false, false, false}},
    {Permission::orchestrators_disconnect, "orchestrators:disconnect", {true, true, false, false}},
    {Permission::payments_read, "payments:read", {true, true, true, false}},
    {Permission::payments_process, "payments:process", {true, false, false, false}},
    {Permission::payments_adjust, "payments:adjust", {true, false, false, false}},
    {Permission::jobs_distribute, "jobs:distribute", {true, true, false, false}},
    {Permission::status_read, "status:read", {true, true, true, false}},
    {Permission::configuration_reload, "configuration:reload", {true, true, false, false}},
    {Permission::accounts_manage, "accounts:manage", {true, false, false, false}},
    {Permission::keys_manage, "keys:manage", {true, false, false, false}},
    {Permission::objections_answer, "objections:answer", {true, true, false, false}},
    {Permission::policy_write, "policy:write", {true, false, false, false}},
}};

[[nodiscard]] constexpr bool allows(AccessRole role, Permission permission) {
    return permission_table[static_cast<std::size_t>(permission)].roles[static_cast<std::size_t>(role)];
}

constexpr Permissions Permissions::of(AccessRole role) {
    Permissions out;
    for (const auto& row : permission_table) {
        if (allows(role, row.permission)) out.add(row.permission);
    }
    return out;
}

[[nodiscard]] std::string_view name_of(AccessRole role);
[[nodiscard]] std::optional<AccessRole> parse_access_role(std::string_view name);

}  // namespace stipend::auth
