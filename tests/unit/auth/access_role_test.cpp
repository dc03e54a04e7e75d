// Access roles and permissions: the table, and the texts of both.
#include "host/auth/access_role.hpp"

#include <doctest/doctest.h>

using namespace stipend::auth;

namespace {

constexpr AccessRole all_roles[] = {AccessRole::admin, AccessRole::operator_, AccessRole::viewer,
                                    AccessRole::orchestrator};

}  // namespace

TEST_CASE("what moves money or creates accounts is for administrators") {
    for (const auto role : all_roles) {
        const bool admin = role == AccessRole::admin;
        for (const auto permission :
             {Permission::payments_process, Permission::payments_adjust, Permission::orchestrators_approve,
              Permission::accounts_manage, Permission::keys_manage, Permission::policy_write}) {
            CHECK(allows(role, permission) == admin);
        }
    }
}

TEST_CASE("each access role has exactly its permissions") {
    CHECK(Permissions::of(AccessRole::admin) == Permissions::all());
    CHECK(Permissions::of(AccessRole::operator_).text() ==
          "own:read own:update orchestrators:read orchestrators:register orchestrators:update orchestrators:disconnect "
          "payments:read jobs:distribute status:read configuration:reload objections:answer");
    CHECK(Permissions::of(AccessRole::viewer).text() == "own:read orchestrators:read payments:read status:read");
    CHECK(Permissions::of(AccessRole::orchestrator).text() == "own:read own:update own:proof");
}

TEST_CASE("an access role is read by its exact name") {
    for (const auto role : all_roles) CHECK(parse_access_role(name_of(role)) == role);
    CHECK(name_of(AccessRole::operator_) == "operator");
    for (const auto* name : {"", "Admin", "admin ", "root", "operator_"}) CHECK(!parse_access_role(name));
}

TEST_CASE("a set of permissions reads back from its text") {
    for (const auto role : all_roles) CHECK(Permissions::parse(Permissions::of(role).text()) == Permissions::of(role));
    CHECK(Permissions::parse("") == Permissions());
    CHECK(Permissions().empty());
    // Any order.
    CHECK(Permissions::parse("status:read own:read")->text() == "own:read status:read");
}

TEST_CASE("a set with an unknown or repeated name or with other blanks is refused") {
    for (const auto* text :
         {"root", "own:read root", "own:read own:read", " own:read", "own:read ", "own:read  own:proof",
          "own:read,own:proof", "OWN:READ", "own:read\town:proof", "*", " "}) {
        CHECK_MESSAGE(!Permissions::parse(text), text);
    }
}

TEST_CASE("scopes limit an access role and never widen it") {
    const auto granted = Permissions::of(AccessRole::viewer).within(*Permissions::parse("payments:read keys:manage"));
    CHECK(granted.text() == "payments:read");
}
