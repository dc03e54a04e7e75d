#include "host/api/access_store.hpp"

#include <algorithm>

namespace stipend::api {
namespace {

constexpr std::size_t max_name_bytes = 254;
constexpr std::size_t max_key_name_bytes = 128;

constexpr sqlite::PrivateTables tables{.name = "access", .version = 1, .sql = R"(
CREATE TABLE account(
    name TEXT PRIMARY KEY, password_hash TEXT NOT NULL, role TEXT NOT NULL,
    created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE family(
    id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account(name) ON DELETE CASCADE,
    token TEXT NOT NULL, begun INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX family_by_account ON family(account, begun);
CREATE TABLE api_key(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, role TEXT NOT NULL, scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE token_key(
    number INTEGER PRIMARY KEY AUTOINCREMENT, kid TEXT NOT NULL UNIQUE, secret TEXT NOT NULL,
    created_at INTEGER NOT NULL) STRICT;
PRAGMA user_version = 1;
)"};

// Public halves of key pairs. Rationale: an earlier version, which knows HS256 only, reads `token_key` alone; a public
// half among its rows would be a secret to it, so that everyone could sign. It does without this table,
// so the version stays. Numbers are common to both tables. A kid of a secret is hexadecimal; any other was of a public
// half.
constexpr const char* pair_table = R"(
CREATE TABLE IF NOT EXISTS token_pair(
    number INTEGER PRIMARY KEY, kid TEXT NOT NULL UNIQUE, public_pem TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT;
DELETE FROM token_key WHERE kid GLOB 'es256-*';
)";
// An earlier version may have given a number of a pair to a later secret.
constexpr std::string_view keys_by_age =
    "SELECT kid, secret, created_at, pair, number FROM"
    " (SELECT kid, secret, created_at, 0 AS pair, number FROM token_key"
    " UNION ALL SELECT kid, public_pem, created_at, 1, number FROM token_pair) ORDER BY number DESC, pair";

Result<Account> read_account(sqlite::Statement& row) {
    Account out;
    out.name = row.text();
    out.password_hash = row.text();
    const auto role = auth::parse_access_role(row.text());
    out.created_at = row.i64();
    out.changed_at = row.i64();
    if (!role) return fail(STIPEND_E_INVALID, "access: the account ", out.name, " has an unknown role");
    out.role = *role;
    return out;
}

Result<NamedApiKey> read_api_key(sqlite::Statement& row) {
    NamedApiKey out;
    out.record.id = row.text();
    out.name = row.text();
    out.record.hash = row.bytes32();
    const auto role = auth::parse_access_role(row.text());
    const auto scopes = auth::Permissions::parse(row.text());
    out.record.created_at = row.i64();
    out.record.expires_at = row.maybe<stipend_unix_ns>();
    out.record.revoked_at = row.maybe<stipend_unix_ns>();
    if (!role || !scopes || row.malformed()) {
        return fail(STIPEND_E_INVALID, "access: the API key ", out.record.id, " is damaged");
    }
    out.record.role = *role;
    out.record.scopes = *scopes;
    return out;
}

const char* table_of(const StoredTokenKey& key) {
    return key.algorithm == auth::TokenAlgorithm::es256 ? "token_pair" : "token_key";
}

constexpr const char* account_columns = "name, password_hash, role, created_at, changed_at";
constexpr const char* api_key_columns = "id, name, hash, role, scopes, created_at, expires_at, revoked_at";

}  // namespace

Result<void> check_account_name(std::string_view name) {
    const bool printable = std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!name.empty() && name.size() <= max_name_bytes && printable) return {};
    return fail(STIPEND_E_INVALID, "not a name of an account: want 1 to ", max_name_bytes,
                " printable ASCII characters without blanks, such as an e-mail address");
}

template <class Work>
auto AccessStore::write(Work work) -> decltype(work()) {
    return sqlite::write(database_, std::move(work));
}

Result<std::unique_ptr<AccessStore>> AccessStore::open(const std::filesystem::path& file) {
    std::unique_ptr<AccessStore> self(new AccessStore);
    STIPEND_TRY(sqlite::open_private(self->database_, file, tables));
    STIPEND_TRY(self->write([&] { return self->database_.run(pair_table); }));
    STIPEND_TRY(self->make_session_table());
    return self;
}

Result<void> AccessStore::add_account(const Account& account) {
    STIPEND_TRY(check_account_name(account.name));
    return write([&]() -> Result<void> {
        STIPEND_LET(count, database_.number("SELECT count(*) FROM account"));
        if (static_cast<std::size_t>(count) >= max_accounts) {
            return fail(STIPEND_E_LIMIT, "too many accounts: want at most ", max_accounts);
        }
        STIPEND_LET(there, this->account(account.name));
        if (there) return fail(STIPEND_E_CONFLICT, "there is an account ", account.name, " already");
        STIPEND_LET(insert, database_.prepare("INSERT INTO account VALUES(?, ?, ?, ?, ?)"));
        insert.bind_text(account.name).bind_text(account.password_hash).bind_text(auth::name_of(account.role));
        return insert.bind(account.created_at).bind(account.changed_at).run();
    });
}

Result<std::optional<Account>> AccessStore::account(std::string_view name) {
    STIPEND_LET(select, database_.prepare(cat("SELECT ", account_columns, " FROM account WHERE name = ?")));
    STIPEND_LET(found, select.bind_text(name).next());
    if (!found) return std::optional<Account>();
    STIPEND_LET(out, read_account(select));
    return std::optional(std::move(out));
}

Result<std::vector<Account>> AccessStore::accounts() {
    STIPEND_LET(select, database_.prepare(cat("SELECT ", account_columns, " FROM account ORDER BY name")));
    std::vector<Account> out;
    for (;;) {
        STIPEND_LET(more, select.next());
        if (!more) return out;
        STIPEND_LET(one, read_account(select));
        out.push_back(std::move(one));
    }
}

Result<void> AccessStore::set_password(std::string_view name, std::string_view hash, stipend_unix_ns now) {
    return write([&]() -> Result<void> {
        STIPEND_LET(update, database_.prepare("UPDATE account SET password_hash = ?, changed_at = ? WHERE name = ?"));
        STIPEND_LET(changed, update.bind_text(hash).bind(now).bind_text(name).run_counted());
        if (changed == 0) return fail(STIPEND_E_INVALID, "no such account: ", clip(name, max_name_bytes));
        STIPEND_LET(remove, database_.prepare("DELETE FROM family WHERE account = ?"));
        return remove.bind_text(name).run();
    });
}

Result<void> AccessStore::set_password_hash(std::string_view name, std::string_view hash) {
    return write([&]() -> Result<void> {
        STIPEND_LET(update, database_.prepare("UPDATE account SET password_hash = ? WHERE name = ?"));
        return update.bind_text(hash).bind_text(name).run();
    });
}

Result<void> AccessStore::remove_account(std::string_view name) {
    return write([&]() -> Result<void> {
        STIPEND_LET(there, account(name));
        if (!there) return fail(STIPEND_E_INVALID, "no such account: ", clip(name, max_name_bytes));
        STIPEND_LET(admins, database_.number("SELECT count(*) FROM account WHERE role = 'admin'"));
        if (there->role == auth::AccessRole::admin && admins == 1) {
            return fail(STIPEND_E_CONFLICT, "the last administrator is not removed: add another one first");
        }
        STIPEND_LET(remove, database_.prepare("DELETE FROM account WHERE name = ?"));
        return remove.bind_text(name).run();
    });
}

Result<void> AccessStore::begin_family(const Family& family) {
    return write([&]() -> Result<void> {
        // A counter rather than a time, which may be set back.
        STIPEND_LET(insert, database_.prepare("INSERT INTO family VALUES(?, ?, ?,"
                                              " (SELECT coalesce(max(begun), 0) + 1 FROM family), ?)"));
        insert.bind_text(family.id).bind_text(family.account).bind_text(family.token);
        STIPEND_TRY(insert.bind(family.expires_at).run());
        STIPEND_LET(remove,
                    database_.prepare("DELETE FROM family WHERE account = ? AND id NOT IN"
                                      " (SELECT id FROM family WHERE account = ? ORDER BY begun DESC LIMIT ?)"));
        return remove.bind_text(family.account).bind_text(family.account).bind(max_families_each).run();
    });
}

Result<Renewal> AccessStore::renew(std::string_view family, std::string_view token, std::string_view next,
                                   stipend_unix_ns now) {
    return write([&]() -> Result<Renewal> {
        STIPEND_LET(select, database_.prepare("SELECT token, expires_at FROM family WHERE id = ?"));
        STIPEND_LET(found, select.bind_text(family).next());
        if (!found) return Renewal::unknown;
        const auto last = select.text();
        const auto expires_at = select.i64();
        select.reset();
        const bool reused = last != token;
        if (reused || expires_at <= now) {
            STIPEND_LET(remove, database_.prepare("DELETE FROM family WHERE id = ?"));
            STIPEND_TRY(remove.bind_text(family).run());
            return reused ? Renewal::reused : Renewal::unknown;
        }
        STIPEND_LET(update, database_.prepare("UPDATE family SET token = ? WHERE id = ?"));
        STIPEND_TRY(update.bind_text(next).bind_text(family).run());
        return Renewal::renewed;
    });
}

Result<std::optional<std::string>> AccessStore::family_account(std::string_view family, stipend_unix_ns now) {
    STIPEND_LET(select, database_.prepare("SELECT account FROM family WHERE id = ? AND expires_at > ?"));
    STIPEND_LET(found, select.bind_text(family).bind(now).next());
    return found ? std::optional(select.text()) : std::nullopt;
}

Result<void> AccessStore::end_family(std::string_view family) {
    return write([&]() -> Result<void> {
        STIPEND_LET(remove, database_.prepare("DELETE FROM family WHERE id = ?"));
        return remove.bind_text(family).run();
    });
}

Result<void> AccessStore::add_api_key(const NamedApiKey& key) {
    const bool shows = std::all_of(key.name.begin(), key.name.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    if (key.name.empty() || key.name.size() > max_key_name_bytes || !shows) {
        return fail(STIPEND_E_INVALID, "not a name of an API key: want 1 to ", max_key_name_bytes,
                    " printable ASCII characters");
    }
    return write([&]() -> Result<void> {
        STIPEND_LET(count, database_.number("SELECT count(*) FROM api_key"));
        if (static_cast<std::size_t>(count) >= max_api_keys) {
            return fail(STIPEND_E_LIMIT, "too many API keys: want at most ", max_api_keys);
        }
        const auto& record = key.record;
        const auto scopes = record.scopes.text();
        STIPEND_LET(insert, database_.prepare("INSERT INTO api_key VALUES(?, ?, ?, ?, ?, ?, ?, ?)"));
        insert.bind_text(record.id).bind_text(key.name).bind_blob(record.hash);
        insert.bind_text(auth::name_of(record.role)).bind_text(scopes).bind(record.created_at);
        return insert.bind(record.expires_at).bind(record.revoked_at).run();
    });
}

Result<std::optional<NamedApiKey>> AccessStore::api_key(std::string_view id) {
    STIPEND_LET(select, database_.prepare(cat("SELECT ", api_key_columns, " FROM api_key WHERE id = ?")));
    STIPEND_LET(found, select.bind_text(id).next());
    if (!found) return std::optional<NamedApiKey>();
    STIPEND_LET(out, read_api_key(select));
    return std::optional(std::move(out));
}

Result<std::vector<NamedApiKey>> AccessStore::api_keys() {
    STIPEND_LET(select, database_.prepare(cat("SELECT ", api_key_columns, " FROM api_key ORDER BY created_at, id")));
    std::vector<NamedApiKey> out;
    for (;;) {
        STIPEND_LET(more, select.next());
        if (!more) return out;
        STIPEND_LET(one, read_api_key(select));
        out.push_back(std::move(one));
    }
}

Result<void> AccessStore::revoke_api_key(std::string_view id, stipend_unix_ns now) {
    return write([&]() -> Result<void> {
        STIPEND_LET(there, api_key(id));
        if (!there) return fail(STIPEND_E_INVALID, "no such API key: ", clip(id, 64));
        STIPEND_LET(update, database_.prepare("UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?"));
        return update.bind(now).bind_text(id).run();
    });
}

Result<std::vector<StoredTokenKey>> AccessStore::token_keys() {
    STIPEND_LET(select, database_.prepare(keys_by_age));
    std::vector<StoredTokenKey> out;
    for (;;) {
        STIPEND_LET(more, select.next());
        if (!more) return out;
        StoredTokenKey one;
        one.kid = select.text();
        one.secret = select.text();
        one.created_at = select.i64();
        if (select.flag()) one.algorithm = auth::TokenAlgorithm::es256;
        out.push_back(std::move(one));
    }
}

Result<void> AccessStore::add_token_key(const StoredTokenKey& key) {
    return write([&]() -> Result<void> {
        STIPEND_LET(insert, database_.prepare(cat("INSERT INTO ", table_of(key),
                                                  " VALUES((SELECT coalesce(max(number), 0) + 1 FROM (", keys_by_age,
                                                  ")), ?, ?, ?)")));
        STIPEND_TRY(insert.bind_text(key.kid).bind_text(key.secret).bind(key.created_at).run());
        return keep_token_keys(max_token_keys);
    });
}

Result<std::int64_t> AccessStore::revision() {
    if (!data_version_) {
        STIPEND_LET(statement, database_.prepare("PRAGMA data_version"));
        data_version_ = std::move(statement);
    }
    STIPEND_LET(row, data_version_->next());
    const auto others = row ? data_version_->i64() : 0;  // a number of 32 bits
    data_version_->reset();
    return (others << 32) ^ sqlite3_total_changes64(database_.handle());
}

Result<void> AccessStore::remove_old_token_keys() {
    return write([&] { return keep_token_keys(1); });
}

Result<void> AccessStore::keep_token_keys(std::size_t count) {
    STIPEND_LET(keys, token_keys());
    for (auto at = count; at < keys.size(); ++at) {
        STIPEND_LET(remove, database_.prepare(cat("DELETE FROM ", table_of(keys[at]), " WHERE kid = ?")));
        STIPEND_TRY(remove.bind_text(keys[at].kid).run());
    }
    return {};
}

}  // namespace stipend::api
