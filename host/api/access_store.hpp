// The accounts and keys of the manager's API, durably: accounts, families of refresh tokens, sessions of browsers, API
// keys, keys that sign tokens. A SQLite file of its own beside the ledger, with mode 0600, that the host and the
// command line may have open at once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/auth/access_role.hpp"
#include "host/auth/api_key.hpp"
#include "host/auth/token_key.hpp"
#include "host/base/private_database.hpp"
#include "host/base/sha256.hpp"
#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::api {

struct Account {
    std::string name;           // 1 to 254 printable ASCII characters without blanks, such as an e-mail address
    std::string password_hash;  // Argon2id
    auth::AccessRole role = auth::AccessRole::viewer;
    stipend_unix_ns created_at = 0;
    stipend_unix_ns changed_at = 0;
};

// One login and the refresh tokens that descend from it: only the last one is taken.
struct Family {
    std::string id;
    std::string account;
    std::string token;  // the id (jti) of the last refresh token
    stipend_unix_ns expires_at = 0;
};

// A login of a browser, which proves itself by a cookie. Of an account it belongs to a family, and ends with it. Of an
// orchestrator it has none: it was begun by the orchestrator's secret or by its wallet.
struct Session {
    Sha256 hash = {};  // of the cookie, which is not stored
    std::string family = {};
    std::string account = {};  // of the family; not stored here
    std::string orchestrator = {};
    std::string wallet = {};            // 0x and hex digits in lower case
    std::optional<Sha256> secret = {};  // the hash of the orchestrator's secret
    stipend_unix_ns seen_at = 0;        // of its last request, to a minute
    stipend_unix_ns expires_at = 0;
};

struct NamedApiKey {
    std::string name;  // what people call it: 1 to 128 printable ASCII characters
    auth::ApiKeyRecord record;
};

// What signs tokens by HS256, or verifies those of a key pair by ES256. The newest signs; all of them verify until they
// are removed.
struct StoredTokenKey {
    std::string kid;
    std::string secret;  // of a key pair: its public half, in PEM
    stipend_unix_ns created_at = 0;
    auth::TokenAlgorithm algorithm = auth::TokenAlgorithm::hs256;
};

enum class Renewal : std::uint8_t {
    renewed,
    unknown,  // no such family: ended, expired, or never begun
    reused,   // an earlier token of the family, which ends it: one of two holders is a thief
};

// One thread at a time. Each change is one transaction, durable when the call returns.
class AccessStore {
  public:
    static constexpr std::size_t max_accounts = 10'000;
    static constexpr std::size_t max_families_each = 64;        // the oldest one is ended beyond
    static constexpr std::size_t max_owner_sessions_each = 16;  // of an orchestrator; the oldest one is ended beyond
    static constexpr std::size_t max_owner_sessions = 10'000;
    static constexpr std::size_t max_api_keys = 10'000;
    static constexpr std::size_t max_token_keys = 8;

    // Opens the file, or makes it. CONFIG: it cannot be made, or a newer version made it.
    [[nodiscard]] static Result<std::unique_ptr<AccessStore>> open(const std::filesystem::path& file);

    // CONFLICT: there is one of that name. INVALID: a bad name. LIMIT: too many.
    [[nodiscard]] Result<void> add_account(const Account& account);
    [[nodiscard]] Result<std::optional<Account>> account(std::string_view name);
    [[nodiscard]] Result<std::vector<Account>> accounts();  // by name
    // Ends the account's families. INVALID: there is none.
    [[nodiscard]] Result<void> set_password(std::string_view name, std::string_view hash, stipend_unix_ns now);
    // The same password at another cost; no family ends.
    [[nodiscard]] Result<void> set_password_hash(std::string_view name, std::string_view hash);
    // Ends its families too. INVALID: there is none. CONFLICT: the last administrator.
    [[nodiscard]] Result<void> remove_account(std::string_view name);

    [[nodiscard]] Result<void> begin_family(const Family& family);
    // Takes the refresh token `token` for `next`. The account and its role may have changed since the login.
    [[nodiscard]] Result<Renewal> renew(std::string_view family, std::string_view token, std::string_view next,
                                        stipend_unix_ns now);
    // Whose login it is; nothing where it has ended, and tokens of it do not count.
    [[nodiscard]] Result<std::optional<std::string>> family_account(std::string_view family, stipend_unix_ns now);
    [[nodiscard]] Result<void> end_family(std::string_view family);

    // Begins a session, of a family that has begun where it names one. Sessions of orchestrators that have expired, or
    // were last seen before `idle_since`, are removed. BUSY: too many of orchestrators.
    [[nodiscard]] Result<void> begin_session(const Session& session, stipend_unix_ns now, stipend_unix_ns idle_since);
    // Nothing where it has ended or expired, or was last seen before `idle_since`.
    [[nodiscard]] Result<std::optional<Session>> session(const Sha256& hash, stipend_unix_ns now,
                                                         stipend_unix_ns idle_since);
    [[nodiscard]] Result<void> see_session(const Sha256& hash, stipend_unix_ns now);
    // Ends it, and its family.
    [[nodiscard]] Result<void> end_session(const Sha256& hash);

    // INVALID: a bad name. LIMIT: too many.
    [[nodiscard]] Result<void> add_api_key(const NamedApiKey& key);
    [[nodiscard]] Result<std::optional<NamedApiKey>> api_key(std::string_view id);
    [[nodiscard]] Result<std::vector<NamedApiKey>> api_keys();                            // the oldest first
    [[nodiscard]] Result<void> revoke_api_key(std::string_view id, stipend_unix_ns now);  // INVALID: there is none

    [[nodiscard]] Result<std::vector<StoredTokenKey>> token_keys();  // the newest first
    // A further key, which signs from now on; the oldest one is removed beyond the limit. CONFLICT: there is one of
    // that kid and algorithm.
    [[nodiscard]] Result<void> add_token_key(const StoredTokenKey& key);
    // All but the newest: tokens that others signed are refused from now on.
    [[nodiscard]] Result<void> remove_old_token_keys();

    // Another number once anything in the file was changed, by this object or by another process.
    [[nodiscard]] Result<std::int64_t> revision();

  private:
    AccessStore() = default;
    // Runs `work` in one transaction that writes.
    template <class Work>
    auto write(Work work) -> decltype(work());
    Result<void> keep_token_keys(std::size_t count);
    Result<void> make_session_table();

    sqlite::Database database_;
    std::optional<sqlite::Statement> data_version_;
};

// The file of a host whose state is in `state_folder`. [pure]
[[nodiscard]] inline std::filesystem::path access_file(const std::filesystem::path& state_folder) {
    return state_folder / "access.db";
}

// INVALID: what is wrong with a name of an account.
[[nodiscard]] Result<void> check_account_name(std::string_view name);

}  // namespace stipend::api
