#include "host/api/access.hpp"

#include "host/auth/crypto.hpp"
#include "host/base/file.hpp"
#include "host/base/sha256.hpp"
#include "stipend/duration.hpp"
#include "stipend/hex.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t id_bytes = 16;
constexpr std::size_t secret_bytes = 32;
constexpr std::size_t min_secret_bytes = 32;
constexpr std::int64_t key_grace_ns = 60 * ns_per_s;  // of clocks that differ

constexpr std::string_view wallet_subject = "wallet ";
constexpr std::size_t max_wallet_logins = 10'000;
constexpr std::size_t max_recent = 1'024;
constexpr std::int64_t recent_ns = ns_per_s;

Access::Login refused_by(std::string fault) {
    return {.tokens = {}, .session = {}, .retry_after_s = 0, .fault = std::move(fault)};
}

auth::Permissions own_reads() {
    auth::Permissions out;
    out.add(auth::Permission::own_read);
    return out;
}

// No account has a blank in its name.
std::string subject_of(std::string_view wallet, std::string_view orchestrator) {
    return cat(wallet_subject, wallet, " ", orchestrator);
}

// The same secret has the same id at each start, so that it is not stored twice. It says nothing of the secret.
std::string kid_of(std::string_view secret) {
    return hex_encode(auth::text_of(sha256(cat("stipend token key:", secret)))).substr(0, 16);
}

}  // namespace

Result<std::string> read_token_key(const std::filesystem::path& file) {
    constexpr std::uintmax_t most_bytes = 16 << 10;
    const auto refuse = [&](const Error& error) {
        return fail(STIPEND_E_CONFIG, "api.jwt_key: ", file.native(), ": ", error.message);
    };
    auto pem = read_file(file, most_bytes);
    if (!pem) return refuse(pem.error());
    if (const auto key = auth::TokenKey::es256_private("jwt_key", *pem); !key) return refuse(key.error());
    return pem;
}

Result<std::unique_ptr<Access>> Access::create(std::unique_ptr<AccessStore> store, AccessOptions options,
                                               std::string_view secret, stipend_unix_ns now) {
    std::unique_ptr<Access> self(new Access(std::move(store), std::move(options)));
    STIPEND_TRY(self->use_secret(secret, now));
    return self;
}

Result<void> Access::use_secret(std::string_view secret, stipend_unix_ns now) {
    if (!secret.empty() && secret.size() < min_secret_bytes) {
        return fail(STIPEND_E_INVALID, "not a secret of tokens: got ", secret.size(), " bytes, want at least ",
                    min_secret_bytes);
    }
    const std::lock_guard lock(mutex_);
    STIPEND_LET(keys, store_->token_keys());
    std::string made;
    using auth::TokenAlgorithm;
    const auto algorithm = options_.key_pem.empty() ? TokenAlgorithm::hs256 : TokenAlgorithm::es256;
    const auto signs = [&] { return !keys.empty() && keys.front().algorithm == algorithm; };
    if (algorithm == TokenAlgorithm::es256) {
        STIPEND_SET(made, auth::TokenKey::es256_public_pem(options_.key_pem));
        secret = made;
    } else if (secret.empty() && !signs()) {
        STIPEND_SET(made, auth::random_hex(secret_bytes));
        secret = made;
    }
    if (!secret.empty() && !(signs() && keys.front().secret == secret)) {
        auto kid = kid_of(secret);
        for (const auto& key : keys) {
            // A secret that comes back signs again, under another id.
            if (key.kid == kid) {
                STIPEND_LET(more, auth::random_hex(id_bytes / 4));
                kid += more;
            }
        }
        STIPEND_TRY(store_->add_token_key(
            {.kid = kid, .secret = std::string(secret), .created_at = now, .algorithm = algorithm}));
    } else if (keys.size() > 1 &&
               keys.front().created_at + options_.access_lifetime_s * ns_per_s + key_grace_ns < now) {
        // What the earlier ones signed has expired.
        STIPEND_TRY(store_->remove_old_token_keys());
    }
    return load_keys();
}

Result<void> Access::load_keys() {
    STIPEND_LET(stored, store_->token_keys());
    std::vector<auth::TokenKey> keys;
    for (const auto& one : stored) {
        auto key = one.algorithm == auth::TokenAlgorithm::hs256 ? auth::TokenKey::hs256(one.kid, one.secret)
                   : keys.empty() ? auth::TokenKey::es256_private(one.kid, options_.key_pem)
                                  : auth::TokenKey::es256_public(one.kid, one.secret);
        if (!key) return std::move(key).error();
        keys.push_back(std::move(*key));
    }
    if (keys.empty()) return fail(STIPEND_E_INTERNAL, "no key signs tokens");
    STIPEND_SET(signer_, auth::TokenSigner::make(keys.front(), options_.parties));
    STIPEND_SET(verifier_, auth::TokenVerifier::make(std::move(keys), options_.parties));
    return {};
}

Result<Tokens> Access::make_tokens(const Account& account, const std::string& family, const std::string& refresh_id,
                                   stipend_unix_ns now, stipend_unix_ns refresh_until) const {
    const auto now_s = now / ns_per_s;
    STIPEND_LET(access_id, auth::random_hex(id_bytes));
    auth::TokenClaims claims{.subject = account.name,
                             .role = account.role,
                             .scopes = auth::Permissions::of(account.role),
                             .id = access_id,
                             .family = family,
                             .issued_at_s = now_s,
                             .not_before_s = now_s,
                             .expires_at_s = now_s + options_.access_lifetime_s};
    Tokens out;
    out.lifetime_s = options_.access_lifetime_s;
    STIPEND_SET(out.access, signer_->sign(auth::TokenKind::access, claims));
    claims.id = refresh_id;
    claims.expires_at_s = refresh_until / ns_per_s;
    STIPEND_SET(out.refresh, signer_->sign(auth::TokenKind::refresh, claims));
    return out;
}

Result<Access::Login> Access::login(std::string_view account, std::string_view password, const IpAddress& from,
                                    AccessTime now, LoginKind kind) {
    std::optional<Account> known;
    {
        const std::lock_guard lock(mutex_);
        if (const auto wait_s = throttle_.begin(account, from, now.monotonic); wait_s > 0) {
            return Login{.tokens = {}, .session = {}, .retry_after_s = wait_s, .fault = "throttled"};
        }
        STIPEND_SET(known, store_->account(account));
    }
    const auto stored = known ? std::optional<std::string_view>(known->password_hash) : std::nullopt;
    const auto check = auth::verify_password(password, stored, options_.cost);
    if (check == auth::PasswordCheck::failed) return fail(STIPEND_E_UNAVAILABLE, "no memory for a password's hash");
    if (check != auth::PasswordCheck::match) {
        return refused_by(known ? std::string(name_of(check)) : "no such account");
    }
    std::optional<std::string> better;
    if (auth::needs_rehash(known->password_hash, options_.cost)) {
        STIPEND_LET(hash, auth::hash_password(password, options_.cost));
        better = std::move(hash);
    }
    const std::lock_guard lock(mutex_);
    // The password may have been changed, or the account removed, while the hash was computed.
    STIPEND_LET(still, store_->account(account));
    if (!still || still->password_hash != known->password_hash) {
        return refused_by("changed meanwhile");
    }
    throttle_.succeeded(account, from);
    if (better) STIPEND_TRY(store_->set_password_hash(account, *better));
    if (kind == LoginKind::session) {
        STIPEND_LET(session, begin_account_session(*still, now));
        return Login{.tokens = {}, .session = std::move(session)};
    }
    STIPEND_LET(family, auth::random_hex(id_bytes));
    STIPEND_LET(refresh_id, auth::random_hex(id_bytes));
    const auto until = now.wall + options_.refresh_lifetime_s * ns_per_s;
    STIPEND_TRY(store_->begin_family({.id = family, .account = still->name, .token = refresh_id, .expires_at = until}));
    STIPEND_LET(tokens, make_tokens(*still, family, refresh_id, now.wall, until));
    return Login{.tokens = std::move(tokens)};
}

Result<Access::Login> Access::renew(std::string_view refresh_token, AccessTime now) {
    const std::lock_guard lock(mutex_);
    const auto claims = verifier_->verify(auth::TokenKind::refresh, refresh_token, now.wall / ns_per_s);
    if (!claims) return refused_by(std::string(name_of(claims.fault())));
    STIPEND_LET(account, store_->account(claims->subject));
    if (!account) return refused_by("no such account");
    STIPEND_LET(owner, store_->family_account(claims->family, now.wall));
    if (owner != claims->subject) return refused_by("the login has ended");
    STIPEND_LET(next, auth::random_hex(id_bytes));
    STIPEND_LET(renewal, store_->renew(claims->family, claims->id, next, now.wall));
    if (renewal == Renewal::reused) return refused_by("a refresh token was used twice: its login is ended");
    if (renewal == Renewal::unknown) return refused_by("the login has ended");
    STIPEND_LET(tokens, make_tokens(*account, claims->family, next, now.wall, claims->expires_at_s * ns_per_s));
    return Login{.tokens = std::move(tokens)};
}

std::int64_t Access::begin_wallet_login(std::string_view wallet, const IpAddress& from, AccessTime now) {
    const std::lock_guard lock(mutex_);
    return throttle_.begin(wallet, from, now.monotonic);
}

void Access::wallet_login_succeeded(std::string_view wallet, const IpAddress& from) {
    const std::lock_guard lock(mutex_);
    throttle_.succeeded(wallet, from);
}

Result<Tokens> Access::log_in_wallet(std::string_view wallet, std::string_view orchestrator, const IpAddress& from,
                                     AccessTime now) {
    STIPEND_LET(family, auth::random_hex(id_bytes));
    STIPEND_LET(id, auth::random_hex(id_bytes));
    const auto now_s = now.wall / ns_per_s;
    const auth::TokenClaims claims{.subject = subject_of(wallet, orchestrator),
                                   .role = auth::AccessRole::orchestrator,
                                   .scopes = own_reads(),
                                   .id = id,
                                   .family = family,
                                   .issued_at_s = now_s,
                                   .not_before_s = now_s,
                                   .expires_at_s = now_s + options_.access_lifetime_s};
    const std::lock_guard lock(mutex_);
    throttle_.succeeded(wallet, from);
    std::erase_if(wallet_logins_, [&](const auto& one) { return one.second <= now.wall; });
    if (wallet_logins_.size() >= max_wallet_logins) return fail(STIPEND_E_BUSY, "too many logins by wallet");
    wallet_logins_.emplace(family, now.wall + options_.access_lifetime_s * ns_per_s);
    Tokens out;
    out.lifetime_s = options_.access_lifetime_s;
    STIPEND_SET(out.access, signer_->sign(auth::TokenKind::access, claims));
    return out;
}

Access::Verified Access::wallet_principal(const auth::TokenClaims& claims) {
    std::string_view rest = claims.subject;
    rest.remove_prefix(wallet_subject.size());
    const auto blank = rest.find(' ');
    if (blank == std::string_view::npos || claims.role != auth::AccessRole::orchestrator) {
        return {.principal = {}, .fault = "not the subject of a login by wallet"};
    }
    return {.principal = Principal{.name = claims.subject,
                                   .role = claims.role,
                                   .permissions = own_reads().within(claims.scopes),
                                   .family = claims.family,
                                   .orchestrator = std::string(rest.substr(blank + 1)),
                                   .wallet = std::string(rest.substr(0, blank))}};
}

Result<void> Access::log_out(const Principal& principal) {
    if (principal.family.empty() && !principal.session) return {};
    const std::lock_guard lock(mutex_);
    if (principal.session) return store_->end_session(*principal.session);
    if (wallet_logins_.erase(principal.family) > 0) return {};
    return store_->end_family(principal.family);
}

Result<Access::Verified> Access::verify(std::string_view credential, AccessTime now) {
    const auto key = auth::parse_api_key(credential);
    const std::lock_guard lock(mutex_);
    return key ? verify_key(*key, now) : verify_recent_token(credential, now);
}

Result<Access::Verified> Access::verify_recent_token(std::string_view token, AccessTime now) {
    STIPEND_LET(revision, store_->revision());
    if (revision != recent_revision_ || recent_.size() >= max_recent) recent_.clear();
    recent_revision_ = revision;
    const auto key = sha256(token);
    const auto found = recent_.find(key);
    if (found != recent_.end()) {
        const auto& known = found->second;
        const auto age = now.monotonic - known.at;
        if (age >= 0 && age < recent_ns && now.wall < known.expires_at) return known.verified;
        recent_.erase(found);
    }
    stipend_unix_ns expires_at = 0;
    STIPEND_LET(verified, verify_token(token, now, expires_at));
    if (verified.principal && verified.principal->orchestrator.empty()) {
        recent_.emplace(key, Recent{verified, expires_at, now.monotonic});
    }
    return verified;
}

Result<Access::Verified> Access::verify_token(std::string_view token, AccessTime now, stipend_unix_ns& expires_at) {
    const auto claims = verifier_->verify(auth::TokenKind::access, token, now.wall / ns_per_s);
    if (!claims) return Verified{.principal = {}, .fault = std::string(name_of(claims.fault()))};
    expires_at = claims->expires_at_s * ns_per_s;
    if (claims->subject.starts_with(wallet_subject)) {
        const auto login = wallet_logins_.find(claims->family);
        if (login != wallet_logins_.end() && login->second > now.wall) return wallet_principal(*claims);
        return Verified{.principal = {}, .fault = "the login has ended"};
    }
    // A token that names another account's login is none that this program signs: its key has leaked.
    STIPEND_LET(owner, store_->family_account(claims->family, now.wall));
    if (owner != claims->subject) return Verified{.principal = {}, .fault = "the login has ended"};
    STIPEND_LET(account, store_->account(claims->subject));
    if (!account) return Verified{.principal = {}, .fault = "no such account"};
    // The account's role counts as it is now; a token never has more than it was issued with.
    const auto permissions = auth::Permissions::of(account->role).within(claims->scopes);
    return Verified{.principal = Principal{account->name, account->role, permissions, claims->family}};
}

Result<Access::Verified> Access::verify_key(const auth::ApiKey& key, AccessTime now) {
    STIPEND_LET(known, store_->api_key(key.id));
    if (!known) return Verified{.principal = {}, .fault = "no such API key"};
    const auto fault = auth::check_api_key(key, known->record, now.wall);
    if (fault != auth::ApiKeyFault::none) return Verified{.principal = {}, .fault = std::string(name_of(fault))};
    const auto permissions = auth::Permissions::of(known->record.role).within(known->record.scopes);
    return Verified{.principal = Principal{cat("key:", key.id), known->record.role, permissions}};
}

}  // namespace stipend::api
