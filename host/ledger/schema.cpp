#include "host/ledger/schema.hpp"

#include <array>
#include <string>

namespace stipend::ledger {
namespace {

// Each change takes the next position `seq` in the audit chain, which is also the primary key of its own row: a row
// needs no second key to find its proof, and all large tables only grow at their end.
//
// Rationale: decision_key leads with the epoch. A cycle decides all orchestrators once, so their keys of one epoch
// are adjacent and a cycle writes a few pages. With the orchestrator first it would write one page for each.
#define STIPEND_LEDGER_ARCHIVED_TABLES(prefix)                                                                   \
    "CREATE TABLE " prefix                                                                                       \
    "audit("                                                                                                     \
    "  seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, body TEXT, hash BLOB NOT NULL) STRICT;"                   \
    "CREATE TABLE " prefix                                                                                       \
    "decision("                                                                                                  \
    "  seq INTEGER PRIMARY KEY, orchestrator INTEGER NOT NULL, epoch INTEGER NOT NULL, due_at INTEGER NOT NULL," \
    "  period_from INTEGER NOT NULL, decided_at INTEGER NOT NULL, job INTEGER NOT NULL, uptime_ppm INTEGER,"     \
    "  coverage_ppm INTEGER NOT NULL, action INTEGER NOT NULL, tier TEXT NOT NULL,"                              \
    "  multiplier_ppm INTEGER NOT NULL, usd_e8 INTEGER NOT NULL, wei BLOB NOT NULL, delay_ns INTEGER NOT NULL,"  \
    "  penalty_ns INTEGER NOT NULL, next_at INTEGER NOT NULL, consecutive_failures INTEGER NOT NULL,"            \
    "  suspended INTEGER NOT NULL, reason TEXT NOT NULL, generation INTEGER NOT NULL,"                           \
    "  http_status INTEGER NOT NULL, served_by TEXT NOT NULL, latency_ns INTEGER NOT NULL,"                      \
    "  window_s INTEGER NOT NULL, body_hash BLOB NOT NULL, body_head BLOB NOT NULL,"                             \
    "  state_digest BLOB NOT NULL) STRICT;"                                                                      \
    "CREATE UNIQUE INDEX " prefix                                                                                \
    "decision_key ON decision(epoch, orchestrator);"                                                             \
    "CREATE TABLE " prefix                                                                                       \
    "journal("                                                                                                   \
    "  ref INTEGER PRIMARY KEY, kind INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;"                           \
    "CREATE TABLE " prefix                                                                                       \
    "entry("                                                                                                     \
    "  journal INTEGER NOT NULL, account INTEGER NOT NULL, wei BLOB NOT NULL,"                                   \
    "  PRIMARY KEY(journal, account)) STRICT, WITHOUT ROWID;"

constexpr const char* version_1 =
    "CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK(id = 1), chain_id INTEGER NOT NULL, created_at INTEGER NOT NULL) "
    "STRICT;"
    "CREATE TABLE namespace(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE orchestrator("
    "  id INTEGER PRIMARY KEY, ns INTEGER NOT NULL, key TEXT NOT NULL, address TEXT NOT NULL,"
    "  payout_address TEXT NOT NULL, worker_key TEXT NOT NULL, retired INTEGER NOT NULL,"
    "  first_seen_at INTEGER NOT NULL, seq INTEGER NOT NULL, UNIQUE(ns, key)) STRICT;"
    "CREATE TABLE engine_state("
    "  orchestrator INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, due_at INTEGER NOT NULL,"
    "  interval_ns INTEGER NOT NULL, last_decided_at INTEGER NOT NULL, consecutive_failures INTEGER NOT NULL,"
    "  suspended INTEGER NOT NULL, known INTEGER NOT NULL, checks_total INTEGER NOT NULL, checks_ok INTEGER NOT NULL,"
    "  generation INTEGER NOT NULL, memory_generation INTEGER NOT NULL, memory BLOB NOT NULL, day INTEGER NOT NULL,"
    "  day_usd_e8 INTEGER NOT NULL, owed BLOB NOT NULL, seq INTEGER NOT NULL) STRICT;"
    "CREATE TABLE generation("
    "  id INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, at INTEGER NOT NULL, policy TEXT NOT NULL,"
    "  version TEXT NOT NULL, revision INTEGER NOT NULL, memory_version INTEGER NOT NULL, so_sha256 TEXT NOT NULL,"
    "  config TEXT NOT NULL, terms TEXT NOT NULL) STRICT;"
    "CREATE TABLE gap("
    "  seq INTEGER PRIMARY KEY, orchestrator INTEGER NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER,"
    "  cause TEXT NOT NULL, usd_e8 INTEGER, closed INTEGER) STRICT;"
    "CREATE UNIQUE INDEX gap_open ON gap(orchestrator) WHERE to_at IS NULL;"
    "CREATE TABLE adjustment("
    "  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, orchestrator INTEGER NOT NULL, from_at INTEGER NOT NULL,"
    "  to_at INTEGER NOT NULL, wei BLOB NOT NULL, usd_e8 INTEGER NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,"
    "  at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE account(id INTEGER PRIMARY KEY, ns INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE(ns, name)) STRICT;"
    "CREATE TABLE price("
    "  id INTEGER PRIMARY KEY CHECK(id = 1), usd_per_eth_e8 INTEGER NOT NULL, at INTEGER NOT NULL,"
    "  source TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;"
    "CREATE TABLE observed("
    "  orchestrator INTEGER NOT NULL, target TEXT NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,"
    "  verdict INTEGER NOT NULL, PRIMARY KEY(orchestrator, target, from_at)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE kv("
    "  instance TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(instance, key)) STRICT, WITHOUT "
    "ROWID;"
    "CREATE TABLE archive("
    "  seq INTEGER PRIMARY KEY, file TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    "  previous BLOB NOT NULL, head BLOB NOT NULL, closing BLOB NOT NULL) STRICT;"
    // At the end of the last archive: the balance of each account, and the last epoch of each orchestrator.
    "CREATE TABLE carried(account INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, wei BLOB NOT NULL) "
    "STRICT;" STIPEND_LEDGER_ARCHIVED_TABLES("");

// Earlier archives are not signed: their signer is zero.
constexpr const char* version_2 =
    "ALTER TABLE archive ADD COLUMN signer BLOB NOT NULL "
    "DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';";

// The state after the last fee of each orchestrator that has one.
constexpr const char* version_3 =
    "CREATE TABLE fee_state("
    "  orchestrator INTEGER PRIMARY KEY, day INTEGER NOT NULL, day_wei BLOB NOT NULL, open_wei BLOB NOT NULL,"
    "  open_day_wei BLOB NOT NULL, total_wei BLOB NOT NULL, seq INTEGER NOT NULL) STRICT;";

// What pardons need: the state before each decision that cost its orchestrator something, as the ledger held it (its
// epoch is the one before that decision's), and the pardons.
constexpr const char* version_4 =
    "CREATE TABLE state_before("
    "  orchestrator INTEGER NOT NULL, epoch INTEGER NOT NULL, due_at INTEGER NOT NULL, interval_ns INTEGER NOT NULL,"
    "  last_decided_at INTEGER NOT NULL, consecutive_failures INTEGER NOT NULL, suspended INTEGER NOT NULL,"
    "  known INTEGER NOT NULL, checks_total INTEGER NOT NULL, checks_ok INTEGER NOT NULL, generation INTEGER NOT NULL,"
    "  memory_generation INTEGER NOT NULL, memory BLOB NOT NULL, day INTEGER NOT NULL, day_usd_e8 INTEGER NOT NULL,"
    "  PRIMARY KEY(orchestrator, epoch)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE pardon("
    "  seq INTEGER PRIMARY KEY, orchestrator INTEGER NOT NULL, epoch INTEGER NOT NULL, from_at INTEGER NOT NULL,"
    "  to_at INTEGER NOT NULL, checks INTEGER NOT NULL, failures_before INTEGER NOT NULL,"
    "  failures_after INTEGER NOT NULL, suspended_before INTEGER NOT NULL, suspended_after INTEGER NOT NULL,"
    "  due_before INTEGER NOT NULL, due_after INTEGER NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,"
    "  at INTEGER NOT NULL, state_digest BLOB NOT NULL) STRICT;"
    "CREATE INDEX pardon_of ON pardon(orchestrator, seq);";

// Payments beside the decisions, and requests with the answers that they get again.
constexpr const char* version_5 =
    "CREATE TABLE manual_payment("
    "  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, orchestrator INTEGER NOT NULL, usd_e8 INTEGER NOT NULL,"
    "  wei BLOB NOT NULL, stated INTEGER NOT NULL, usd_per_eth_e8 INTEGER NOT NULL, rate_at INTEGER NOT NULL,"
    "  rate_source TEXT NOT NULL, call_type TEXT NOT NULL, reference TEXT NOT NULL, metadata TEXT NOT NULL,"
    "  by TEXT NOT NULL, at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX manual_payment_of ON manual_payment(orchestrator, seq);"
    "CREATE TABLE answered_request("
    "  principal TEXT NOT NULL, route TEXT NOT NULL, key TEXT NOT NULL, body_hash BLOB NOT NULL, answer TEXT NOT NULL,"
    "  at INTEGER NOT NULL, PRIMARY KEY(principal, route, key)) STRICT, WITHOUT ROWID;";

// Objections to decisions, and their answers. `answered` is the place of the answer.
constexpr const char* version_6 =
    "CREATE TABLE objection("
    "  seq INTEGER PRIMARY KEY, orchestrator INTEGER NOT NULL, epoch INTEGER NOT NULL, text TEXT NOT NULL,"
    "  by TEXT NOT NULL, at INTEGER NOT NULL, answered INTEGER, UNIQUE(orchestrator, epoch)) STRICT;"
    "CREATE INDEX objection_of ON objection(orchestrator, seq);"
    "CREATE UNIQUE INDEX objection_answered ON objection(answered) WHERE answered IS NOT NULL;"
    "CREATE INDEX objection_open ON objection(seq) WHERE answered IS NULL;"
    "CREATE TABLE objection_answer("
    "  seq INTEGER PRIMARY KEY, orchestrator INTEGER NOT NULL, epoch INTEGER NOT NULL, adjustment TEXT NOT NULL,"
    "  reason TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE(orchestrator, epoch)) STRICT;";

// Payouts: see payout_rows.hpp. The states are those of PayoutState (7 and 8 are the ends) and SlotState.
constexpr const char* version_7 =
    "CREATE TABLE payout("
    "  seq INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, orchestrator INTEGER NOT NULL, to_address TEXT NOT NULL,"
    "  wei BLOB NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL, slot INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX payout_open ON payout(orchestrator) WHERE state NOT IN (7, 8);"
    "CREATE INDEX payout_of ON payout(orchestrator, seq);"
    "CREATE INDEX payout_slot ON payout(slot) WHERE slot != 0;"
    "CREATE TABLE slot("
    "  seq INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, payer TEXT NOT NULL, nonce INTEGER NOT NULL,"
    "  payouts INTEGER NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX slot_nonce ON slot(payer, nonce) WHERE state != 2;"
    "CREATE INDEX slot_open ON slot(id) WHERE state = 0;"
    "CREATE INDEX slot_at ON slot(at);"
    "CREATE TABLE attempt("
    "  seq INTEGER PRIMARY KEY, slot INTEGER NOT NULL, id BLOB NOT NULL UNIQUE, raw BLOB NOT NULL,"
    "  tip_wei BLOB NOT NULL, cap_wei BLOB NOT NULL, gas INTEGER NOT NULL, gives_up INTEGER NOT NULL,"
    "  at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX attempt_of ON attempt(slot, seq);"
    "CREATE TABLE payout_step("
    "  seq INTEGER PRIMARY KEY, payout INTEGER NOT NULL, state INTEGER NOT NULL, slot INTEGER NOT NULL,"
    "  block_hash BLOB NOT NULL, block INTEGER NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL,"
    "  at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX payout_step_of ON payout_step(payout, seq);"
    "CREATE TABLE slot_end("
    "  seq INTEGER PRIMARY KEY, slot INTEGER NOT NULL UNIQUE, id BLOB NOT NULL, block_hash BLOB NOT NULL,"
    "  block INTEGER NOT NULL, fee_wei BLOB NOT NULL, executed INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;";

// The person that ordered the end of a slot. No host wrote an end before.
constexpr const char* version_8 = "ALTER TABLE slot_end ADD COLUMN by TEXT NOT NULL DEFAULT '';";

// What debts are counted in. `space` is the namespace of a network's accounts, `coin_space` that of the coin of its
// chain, in which its fees are. `network_of` has each change of the network of an orchestrator; without a row it is 0.
// `debt` is what an orchestrator is owed on other networks than its own. A nonce belongs to a payer on a chain.
constexpr const char* version_9 =
    "CREATE TABLE network("
    "  id INTEGER PRIMARY KEY, ns INTEGER NOT NULL, chain_id INTEGER NOT NULL, token TEXT NOT NULL,"
    "  decimals INTEGER NOT NULL, symbol TEXT NOT NULL, at INTEGER NOT NULL, space INTEGER NOT NULL,"
    "  coin_space INTEGER NOT NULL, seq INTEGER NOT NULL UNIQUE, UNIQUE(ns, chain_id, token)) STRICT;"
    "CREATE TABLE network_of("
    "  orchestrator INTEGER NOT NULL, seq INTEGER NOT NULL, network INTEGER NOT NULL,"
    "  PRIMARY KEY(orchestrator, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE debt("
    "  orchestrator INTEGER NOT NULL, network INTEGER NOT NULL, owed BLOB NOT NULL,"
    "  PRIMARY KEY(orchestrator, network)) STRICT, WITHOUT ROWID;"
    "ALTER TABLE orchestrator ADD COLUMN network INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE manual_payment ADD COLUMN decimals INTEGER NOT NULL DEFAULT 18;"
    "ALTER TABLE payout ADD COLUMN network INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX payout_open;"
    "CREATE UNIQUE INDEX payout_open ON payout(orchestrator, network) WHERE state NOT IN (7, 8);"
    "ALTER TABLE slot ADD COLUMN network INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE slot ADD COLUMN chain_id INTEGER NOT NULL DEFAULT 0;"
    "UPDATE slot SET chain_id = (SELECT chain_id FROM meta);"
    "DROP INDEX slot_nonce;"
    "CREATE UNIQUE INDEX slot_nonce ON slot(payer, chain_id, nonce) WHERE state != 2;"
    "ALTER TABLE price RENAME TO price_of_coin;"
    "CREATE TABLE price("
    "  network INTEGER PRIMARY KEY, usd_per_eth_e8 INTEGER NOT NULL, at INTEGER NOT NULL, source TEXT NOT NULL,"
    "  seq INTEGER NOT NULL) STRICT;"
    "INSERT INTO price SELECT 0, usd_per_eth_e8, at, source, seq FROM price_of_coin;"
    "DROP TABLE price_of_coin;";

// The factor of each cycle of a namespace: see demand_rows.hpp.
constexpr const char* version_10 =
    "CREATE TABLE demand("
    "  seq INTEGER PRIMARY KEY, ns INTEGER NOT NULL, from_at INTEGER NOT NULL, at INTEGER NOT NULL,"
    "  asked INTEGER NOT NULL, failed INTEGER NOT NULL, waiting INTEGER NOT NULL, up INTEGER NOT NULL,"
    "  supply INTEGER NOT NULL, every_ns INTEGER NOT NULL, target_ppm INTEGER NOT NULL, floor_ppm INTEGER NOT NULL,"
    "  ceiling_ppm INTEGER NOT NULL, damping_ppm INTEGER NOT NULL, step_ppm INTEGER NOT NULL,"
    "  before_ppm INTEGER NOT NULL, least_ppm INTEGER NOT NULL, most_ppm INTEGER NOT NULL,"
    "  factor_ppm INTEGER NOT NULL) STRICT;"
    // The rows of the chain about orchestrators: few among the decisions.
    "CREATE INDEX audit_orchestrator ON audit(seq) WHERE kind = 2;";

// Entry i migrates version i to i + 1. Released entries never change.
constexpr std::array<const char*, schema_version> migrations{version_1, version_2, version_3, version_4, version_5,
                                                             version_6, version_7, version_8, version_9, version_10};

}  // namespace

const char* archive_tables() {
    return STIPEND_LEDGER_ARCHIVED_TABLES("arc.")
        // Everything needed to verify the signature without the ledger.
        "CREATE TABLE arc.seal("
        "  id INTEGER PRIMARY KEY CHECK(id = 1), chain_id INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT "
        "NULL,"
        "  previous BLOB NOT NULL, head BLOB NOT NULL, closing BLOB NOT NULL, signer BLOB NOT NULL,"
        "  signature BLOB NOT NULL) STRICT;";
}

Result<bool> check_identity(sqlite::Database& database) {
    STIPEND_LET(tables, database.number("SELECT count(*) FROM sqlite_schema"));
    STIPEND_LET(application, database.number("PRAGMA application_id"));
    STIPEND_LET(version, database.number("PRAGMA user_version"));
    if (tables == 0 && application == 0 && version == 0) return true;
    if (application != application_id) {
        return fail(STIPEND_E_CONFIG, "ledger: ", database.path(), ": not a ledger of stipend: got application id ",
                    application, ", want ", application_id);
    }
    if (version > schema_version) {
        return fail(STIPEND_E_CONFIG, "ledger: ", database.path(), ": written by a newer stipend: got schema ", version,
                    ", want at most ", schema_version, ": run that version; schemas are never downgraded");
    }
    return false;
}

Result<void> configure(sqlite::Database& database, bool writer) {
    STIPEND_TRY(database.run("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"));
    if (!writer) return {};
    STIPEND_LET(journal, database.prepare("PRAGMA journal_mode = WAL"));
    STIPEND_LET(answered, journal.next());
    const std::string mode = answered ? journal.text() : std::string();
    if (mode != "wal") {
        return fail(STIPEND_E_CONFIG, "ledger: ", database.path(),
                    ": cannot keep a write-ahead log: got journal mode \"", mode,
                    "\", want \"wal\": is it on a network file system?");
    }
    journal.reset();
    // Checkpoints are called explicitly, because SQLite's automatic ones ignore errors.
    return database.run(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;"
        "PRAGMA secure_delete = OFF; PRAGMA foreign_keys = OFF;");
}

Result<void> migrate(sqlite::Database& database, std::uint64_t chain_id, std::int64_t created_at) {
    STIPEND_LET(from, database.number("PRAGMA user_version"));
    for (auto version = static_cast<std::size_t>(from); version < migrations.size(); ++version) {
        sqlite::Transaction transaction(database);
        STIPEND_TRY(transaction.begin("IMMEDIATE"));
        STIPEND_TRY(database.run(migrations[version]));
        if (version == 0) {
            STIPEND_LET(meta, database.prepare("INSERT INTO meta VALUES(1, ?, ?)"));
            STIPEND_TRY(meta.bind(chain_id).bind(created_at).run());
        }
        STIPEND_TRY(
            database.run(cat("PRAGMA application_id = ", application_id, "; PRAGMA user_version = ", version + 1)));
        STIPEND_TRY(transaction.commit());
    }
    return {};
}

Result<void> check_chain(sqlite::Database& database, std::uint64_t chain_id) {
    STIPEND_LET(found, database.number("SELECT chain_id FROM meta"));
    if (static_cast<std::uint64_t>(found) != chain_id) {
        return fail(STIPEND_E_CONFIG, "ledger: ", database.path(), ": belongs to another network: got chain ", found,
                    ", want ", chain_id);
    }
    return {};
}

}  // namespace stipend::ledger
