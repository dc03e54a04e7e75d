#include "tools/signer/store.hpp"

namespace stipend::signer {
namespace {

// `raw` is all of a transaction, so nothing of it is stored a second time.
constexpr sqlite::PrivateTables tables = {.name = "the signer's state", .version = 1, .sql = R"(
CREATE TABLE owner (id INTEGER PRIMARY KEY CHECK (id = 1), payer TEXT NOT NULL, chain_id INTEGER NOT NULL) STRICT;
CREATE TABLE signed (nonce INTEGER NOT NULL, attempt INTEGER NOT NULL, kind TEXT NOT NULL, hash BLOB NOT NULL UNIQUE,
    raw BLOB NOT NULL, at_s INTEGER NOT NULL, PRIMARY KEY (nonce, attempt)) STRICT;
CREATE TABLE sum (day INTEGER NOT NULL, name TEXT NOT NULL, amount BLOB NOT NULL, PRIMARY KEY (day, name))
    STRICT, WITHOUT ROWID;
CREATE INDEX signed_at ON signed (at_s);
PRAGMA user_version = 1)"};

ethereum::ByteView view_of(std::string_view blob) {
    return {reinterpret_cast<const std::uint8_t*>(blob.data()), blob.size()};
}

Result<void> check_owner(sqlite::Database& database, const Address& payer, std::uint64_t chain_id) {
    STIPEND_LET(find, database.prepare("SELECT payer, chain_id FROM owner"));
    STIPEND_LET(found, find.next());
    if (!found) {
        STIPEND_LET(add, database.prepare("INSERT INTO owner VALUES (1, ?, ?)"));
        const auto text = payer.text();
        return add.bind_text(text).bind(chain_id).run();
    }
    const auto owner = find.text();
    const auto chain = find.as<std::uint64_t>();
    find.reset();
    if (owner == payer.text() && chain == chain_id) return {};
    return fail(STIPEND_E_CONFIG, "the signer's state: ", database.path(), ": it is of ", owner, " on chain ", chain,
                ", want ", payer.text(), " on chain ", chain_id, ": each payer has a file of its own");
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& file, const Address& payer,
                                           std::uint64_t chain_id) {
    std::unique_ptr<Store> out(new Store);
    auto& database = out->database_;
    STIPEND_TRY(sqlite::open_private(database, file, tables));
    // Held from the next write on: a second process, which would count for itself, cannot open the file.
    STIPEND_TRY(database.run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY"));
    STIPEND_TRY(sqlite::write(database, [&]() -> Result<void> {
        STIPEND_TRY(check_owner(database, payer, chain_id));
        return database.run("UPDATE owner SET id = id");
    }));
    // SQLite opens the system's source of randomness at its first use, which may be that of a log begun anew long after
    // the process has lost the right to open files.
    STIPEND_TRY(database.number("SELECT random()"));
    return out;
}

Result<std::vector<SignedTransaction>> Store::attempts(std::uint64_t nonce) {
    STIPEND_LET(find, database_.prepare("SELECT raw FROM signed WHERE nonce = ? ORDER BY attempt"));
    find.bind(nonce);
    std::vector<SignedTransaction> out;
    while (true) {
        STIPEND_LET(more, find.next());
        if (!more) return out;
        const auto raw = find.blob();
        STIPEND_LET(made, ethereum::decode_signed(view_of(raw)));
        out.push_back(std::move(made));
    }
}

Result<void> Store::add(const SignedTransaction& made, std::size_t attempt, Kind kind, std::int64_t at_s) {
    STIPEND_LET(insert, database_.prepare("INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?)"));
    return insert.bind(made.transaction.nonce)
        .bind(attempt)
        .bind_text(name_of(kind))
        .bind_blob(made.hash)
        .bind_blob(made.raw)
        .bind(at_s)
        .run();
}

Result<Uint256> Store::sum(std::int64_t day, std::string_view name) {
    STIPEND_LET(find, database_.prepare("SELECT amount FROM sum WHERE day = ? AND name = ?"));
    STIPEND_LET(found, find.bind(day).bind_text(name).next());
    if (!found) return Uint256();
    const auto bytes = find.bytes32();
    if (find.malformed()) return fail(STIPEND_E_INTERNAL, "the signer's state: the sum ", name, " is damaged");
    return ethereum::from_bytes32(bytes);
}

Result<void> Store::set_sum(std::int64_t day, std::string_view name, const Uint256& amount) {
    STIPEND_LET(
        put, database_.prepare("INSERT INTO sum VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount"));
    return put.bind(day).bind_text(name).bind_amount(ethereum::to_bytes32(amount)).run();
}

Result<void> Store::forget_days_before(std::int64_t day) {
    STIPEND_LET(drop, database_.prepare("DELETE FROM sum WHERE day < ?"));
    return drop.bind(day).run();
}

Result<std::int64_t> Store::last_signed_s() {
    return database_.number("SELECT coalesce(max(at_s), 0) FROM signed");
}

Result<std::int64_t> Store::highest_nonce() {
    return database_.number("SELECT coalesce(max(nonce), -1) FROM signed");
}

}  // namespace stipend::signer
