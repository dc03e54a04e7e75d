// Sessions of browsers: how they begin, and what their cookies prove.
#include <algorithm>

#include "host/api/access.hpp"
#include "host/auth/crypto.hpp"
#include "host/base/sha256.hpp"
#include "stipend/duration.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t family_bytes = 16;
constexpr std::size_t cookie_bytes = 32;
constexpr std::int64_t see_every_ns = 60 * ns_per_s;  // a request does not write each time

Principal owner_of(const Session& session) {
    auth::Permissions own;
    own.add(auth::Permission::own_read);
    auto name = session.secret ? cat("secret ", session.orchestrator)
                               : cat("wallet ", session.wallet, " ", session.orchestrator);
    return {.name = std::move(name),
            .role = auth::AccessRole::orchestrator,
            .permissions = own,
            .orchestrator = session.orchestrator,
            .wallet = session.wallet,
            .secret = session.secret};
}

Principal principal_of(const Account& account, const std::string& family) {
    return {.name = account.name,
            .role = account.role,
            .permissions = auth::Permissions::of(account.role),
            .family = family};
}

}  // namespace

Result<BrowserSession> Access::begin_account_session(const Account& account, AccessTime now) {
    STIPEND_LET(family, auth::random_hex(family_bytes));
    STIPEND_LET(unused, auth::random_hex(family_bytes));  // no refresh token is given out
    const auto until = now.wall + options_.session_lifetime_s * ns_per_s;
    STIPEND_TRY(store_->begin_family({.id = family, .account = account.name, .token = unused, .expires_at = until}));
    return begin_session({.family = family}, principal_of(account, family), now);
}

Result<BrowserSession> Access::begin_session(Session session, Principal principal, AccessTime now) {
    STIPEND_LET(cookie, auth::random_hex(cookie_bytes));
    session.hash = sha256(cookie);
    session.seen_at = now.wall;
    session.expires_at = now.wall + options_.session_lifetime_s * ns_per_s;
    STIPEND_TRY(store_->begin_session(session, now.wall, now.wall - options_.session_idle_s * ns_per_s));
    principal.session = session.hash;
    principal.session_until = session.expires_at;
    return BrowserSession{.cookie = std::move(cookie), .principal = std::move(principal)};
}

Result<BrowserSession> Access::begin_owner_session(std::string_view orchestrator, std::string_view wallet,
                                                   std::optional<Sha256> secret, AccessTime now) {
    STIPEND_ASSERT(!orchestrator.empty() && wallet.empty() == secret.has_value());
    Session session{.orchestrator = std::string(orchestrator), .wallet = std::string(wallet), .secret = secret};
    auto principal = owner_of(session);
    const std::lock_guard lock(mutex_);
    return begin_session(std::move(session), std::move(principal), now);
}

Result<Access::Verified> Access::verify_session(std::string_view cookie, AccessTime now) {
    const auto refuse = [](std::string_view why) { return Verified{.principal = {}, .fault = std::string(why)}; };
    const auto hash = sha256(cookie);
    const std::lock_guard lock(mutex_);
    STIPEND_LET(session, store_->session(hash, now.wall, now.wall - options_.session_idle_s * ns_per_s));
    if (!session) return refuse("the session has ended");
    std::optional<Principal> principal;
    if (session->family.empty()) {
        principal = owner_of(*session);
    } else {
        STIPEND_LET(owner, store_->family_account(session->family, now.wall));
        if (!owner) return refuse("the session has ended");
        STIPEND_LET(account, store_->account(*owner));
        if (!account) return refuse("no such account");
        principal = principal_of(*account, session->family);
    }
    const auto age = now.wall - session->seen_at;
    if (age < 0 || age >= see_every_ns) STIPEND_TRY(store_->see_session(hash, now.wall));
    principal->session = hash;
    principal->session_until = session->expires_at;
    return Verified{.principal = std::move(principal)};
}

}  // namespace stipend::api
