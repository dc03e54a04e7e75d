// Logins, tokens and API keys of the manager's API: what a request's credentials prove. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "host/api/access_store.hpp"
#include "host/auth/access_role.hpp"
#include "host/auth/jwt.hpp"
#include "host/auth/password.hpp"
#include "host/auth/throttle.hpp"
#include "host/base/ip_address.hpp"
#include "host/base/sha256.hpp"
#include "stipend/result.hpp"

namespace stipend::api {

// What is proven of the sender of a request.
struct Principal {
    std::string name;  // the account, or "key:" and the API key's id
    auth::AccessRole role = auth::AccessRole::viewer;
    auth::Permissions permissions;
    std::string family = {};  // of the login; empty for an API key
    // Of a login by wallet: the orchestrator whose own it may read, and the wallet, 0x and hex digits in lower case.
    std::string orchestrator = {};
    std::string wallet = {};
    // Of a login by the orchestrator's own secret, in a browser: the hash of that secret.
    std::optional<Sha256> secret = {};
    // Of a browser's session: the hash of its cookie, and when it expires.
    std::optional<Sha256> session = {};
    stipend_unix_ns session_until = 0;

    [[nodiscard]] bool may(auth::Permission permission) const { return permissions.has(permission); }
};

struct Tokens {
    std::string access;
    std::string refresh;
    std::int64_t lifetime_s = 0;  // of the access token
};

// A login of a browser that has begun.
struct BrowserSession {
    std::string cookie;  // 64 hex digits, shown once
    Principal principal;
};

enum class LoginKind : std::uint8_t { tokens, session };

struct AccessOptions {
    auth::TokenParties parties{.issuer = "stipend", .audience = "stipend-api"};
    std::int64_t access_lifetime_s = 900;
    std::int64_t refresh_lifetime_s = std::int64_t{30} * 86'400;
    std::int64_t session_lifetime_s = std::int64_t{12} * 3'600;  // of a browser
    std::int64_t session_idle_s = 3'600;                         // it ends so long after its last request
    auth::PasswordCost cost;
    std::string key_pem = {};  // PKCS #8, P-256: signs by ES256, and there is no secret; empty: a secret signs
};

// Both clocks of one instant.
struct AccessTime {
    stipend_unix_ns wall = 0;
    stipend_mono_ns monotonic = 0;
};

// The PEM of a file, which is that of a key as the options take it. CONFIG, with the file: it is none, or cannot be
// read.
[[nodiscard]] Result<std::string> read_token_key(const std::filesystem::path& file);

class Access {
  public:
    // Takes the key pair of the options, or else the secret that the configuration states, as the newest signing key;
    // without either, generates a secret where the store has none. INVALID: a secret of less than 32 bytes, or a key
    // that is none on the curve P-256.
    [[nodiscard]] static Result<std::unique_ptr<Access>> create(std::unique_ptr<AccessStore> store,
                                                                AccessOptions options, std::string_view secret,
                                                                stipend_unix_ns now);
    // The same for a configuration that is applied later: tokens of the keys before stay valid until they expire.
    [[nodiscard]] Result<void> use_secret(std::string_view secret, stipend_unix_ns now);

    struct Verified {
        std::optional<Principal> principal;
        std::string fault = {};  // for the log, where there is none
    };
    struct Login {
        std::optional<Tokens> tokens;  // none, and no session: refused
        std::optional<BrowserSession> session = {};
        std::int64_t retry_after_s = 0;  // above 0: too many failures; nothing was looked at
        std::string fault = {};          // for the log; the peer gets one answer
    };
    // Computes a hash for some ten milliseconds, in 19 MiB: the caller bounds how many run at once. An unknown account
    // takes the same time. An error is this host's own.
    [[nodiscard]] Result<Login> login(std::string_view account, std::string_view password, const IpAddress& from,
                                      AccessTime now, LoginKind kind = LoginKind::tokens);
    // A refresh token for the next pair. One that was used before ends its family.
    [[nodiscard]] Result<Login> renew(std::string_view refresh_token, AccessTime now);
    // Seconds until an attempt of this wallet may be made, as `login` counts them; 0: it may now, and is counted as
    // failed.
    [[nodiscard]] std::int64_t begin_wallet_login(std::string_view wallet, const IpAddress& from, AccessTime now);
    // Such an attempt was right.
    void wallet_login_succeeded(std::string_view wallet, const IpAddress& from);
    // An access token for what is the orchestrator's own; its login cannot be renewed, and ends with this object. The
    // caller has checked that the wallet signed, and that it is that orchestrator's, and checks the latter again for
    // each request.
    [[nodiscard]] Result<Tokens> log_in_wallet(std::string_view wallet, std::string_view orchestrator,
                                               const IpAddress& from, AccessTime now);
    // A session for what is the orchestrator's own, begun by its wallet or by its secret: one of `wallet` and `secret`
    // is there. It outlives this object. The caller has checked that one, and checks it again for each request.
    // BUSY: too many of them.
    [[nodiscard]] Result<BrowserSession> begin_owner_session(std::string_view orchestrator, std::string_view wallet,
                                                             std::optional<Sha256> secret, AccessTime now);
    // What the cookie of a session proves, as `verify`; the account's role counts as it is now.
    [[nodiscard]] Result<Verified> verify_session(std::string_view cookie, AccessTime now);
    // Ends the login that the principal came by. Nothing for an API key.
    [[nodiscard]] Result<void> log_out(const Principal& principal);

    // `credential`: what follows "Bearer ": an access token or an API key. A login that ended, an account that was
    // removed, and a role that was taken away count at once.
    [[nodiscard]] Result<Verified> verify(std::string_view credential, AccessTime now);

    // The store, for what changes accounts and keys. `work` runs alone.
    template <class Work>
    auto with_store(Work work) {
        const std::lock_guard lock(mutex_);
        return work(*store_);
    }

  private:
    Access(std::unique_ptr<AccessStore> store, AccessOptions options)
        : store_(std::move(store)), options_(std::move(options)) {}
    // These with mutex_ held:
    [[nodiscard]] Result<void> load_keys();
    [[nodiscard]] Result<Tokens> make_tokens(const Account& account, const std::string& family,
                                             const std::string& refresh_id, stipend_unix_ns now,
                                             stipend_unix_ns refresh_until) const;
    // A family of `account`, and its session.
    [[nodiscard]] Result<BrowserSession> begin_account_session(const Account& account, AccessTime now);
    [[nodiscard]] Result<BrowserSession> begin_session(Session session, Principal principal, AccessTime now);
    [[nodiscard]] static Verified wallet_principal(const auth::TokenClaims& claims);
    // Sets `expires_at` where it returns a principal.
    [[nodiscard]] Result<Verified> verify_token(std::string_view token, AccessTime now, stipend_unix_ns& expires_at);
    // As verify_token. A token that was verified within the last second, and before any change of the store, is
    // believed.
    [[nodiscard]] Result<Verified> verify_recent_token(std::string_view token, AccessTime now);
    [[nodiscard]] Result<Verified> verify_key(const auth::ApiKey& key, AccessTime now);

    std::mutex mutex_;
    const std::unique_ptr<AccessStore> store_;  // guarded by mutex_
    const AccessOptions options_;
    std::optional<auth::TokenSigner> signer_;      // guarded by mutex_
    std::optional<auth::TokenVerifier> verifier_;  // guarded by mutex_
    auth::LoginThrottle throttle_;                 // guarded by mutex_
    struct Recent {
        Verified verified;
        stipend_unix_ns expires_at = 0;
        stipend_mono_ns at = 0;
    };
    // By the token's hash. All of them are of `recent_revision_` of the store.
    std::map<Sha256, Recent> recent_;    // guarded by mutex_
    std::int64_t recent_revision_ = -1;  // guarded by mutex_
    // When logins by wallet end, by family; in memory, since they are short.
    std::map<std::string, stipend_unix_ns> wallet_logins_;  // guarded by mutex_
};

}  // namespace stipend::api
