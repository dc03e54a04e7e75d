// Sessions of browsers in the store.
#include "host/api/access_store.hpp"
#include "host/base/sha256.hpp"

namespace stipend::api {
namespace {

// An earlier version does without this table, so the version of the tables stays. Its families end there too, and
// sessions with them.
constexpr const char* session_table = R"(
CREATE TABLE IF NOT EXISTS session(
    hash BLOB PRIMARY KEY, family TEXT REFERENCES family(id) ON DELETE CASCADE,
    orchestrator TEXT NOT NULL, wallet TEXT NOT NULL, secret BLOB,
    begun INTEGER NOT NULL, seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_by_family ON session(family);
CREATE INDEX IF NOT EXISTS session_by_orchestrator ON session(orchestrator, begun);
)";

}  // namespace

Result<void> AccessStore::make_session_table() {
    return sqlite::write(database_, [&] { return database_.run(session_table); });
}

Result<void> AccessStore::begin_session(const Session& session, stipend_unix_ns now, stipend_unix_ns idle_since) {
    return sqlite::write(database_, [&]() -> Result<void> {
        STIPEND_LET(insert, database_.prepare("INSERT INTO session VALUES(?, ?, ?, ?, ?,"
                                              " (SELECT coalesce(max(begun), 0) + 1 FROM session), ?, ?)"));
        insert.bind_blob(session.hash);
        session.family.empty() ? insert.bind_null() : insert.bind_text(session.family);
        insert.bind_text(session.orchestrator).bind_text(session.wallet);
        session.secret ? insert.bind_blob(*session.secret) : insert.bind_null();
        STIPEND_TRY(insert.bind(session.seen_at).bind(session.expires_at).run());
        if (!session.family.empty()) return {};  // how many an account has is bounded by its families
        STIPEND_LET(old, database_.prepare("DELETE FROM session WHERE family IS NULL AND"
                                           " (expires_at <= ? OR seen_at < ?)"));
        STIPEND_TRY(old.bind(now).bind(idle_since).run());
        STIPEND_LET(more, database_.prepare("DELETE FROM session WHERE orchestrator = ? AND hash NOT IN (SELECT hash"
                                            " FROM session WHERE orchestrator = ? ORDER BY begun DESC LIMIT ?)"));
        more.bind_text(session.orchestrator).bind_text(session.orchestrator);
        STIPEND_TRY(more.bind(max_owner_sessions_each).run());
        STIPEND_LET(count, database_.number("SELECT count(*) FROM session WHERE family IS NULL"));
        if (static_cast<std::size_t>(count) <= max_owner_sessions) return {};
        return fail(STIPEND_E_BUSY, "too many sessions of orchestrators");
    });
}

Result<std::optional<Session>> AccessStore::session(const Sha256& hash, stipend_unix_ns now,
                                                    stipend_unix_ns idle_since) {
    STIPEND_LET(select, database_.prepare("SELECT coalesce(session.family, ''), coalesce(family.account, ''),"
                                          " orchestrator, wallet, session.seen_at, session.expires_at,"
                                          " secret IS NOT NULL, coalesce(secret, zeroblob(32))"
                                          " FROM session LEFT JOIN family ON family.id = session.family"
                                          " WHERE hash = ? AND session.expires_at > ? AND seen_at >= ?"));
    STIPEND_LET(found, select.bind_blob(hash).bind(now).bind(idle_since).next());
    if (!found) return std::optional<Session>();
    Session out{.hash = hash};
    out.family = select.text();
    out.account = select.text();
    out.orchestrator = select.text();
    out.wallet = select.text();
    out.seen_at = select.i64();
    out.expires_at = select.i64();
    const bool by_secret = select.flag();
    const auto secret = select.bytes32();
    if (by_secret) out.secret = secret;
    if (select.malformed() || (out.account.empty() && out.orchestrator.empty())) {
        return fail(STIPEND_E_INVALID, "access: a session is damaged");
    }
    return std::optional(std::move(out));
}

Result<void> AccessStore::see_session(const Sha256& hash, stipend_unix_ns now) {
    return sqlite::write(database_, [&]() -> Result<void> {
        STIPEND_LET(update, database_.prepare("UPDATE session SET seen_at = ? WHERE hash = ?"));
        return update.bind(now).bind_blob(hash).run();
    });
}

Result<void> AccessStore::end_session(const Sha256& hash) {
    return sqlite::write(database_, [&]() -> Result<void> {
        STIPEND_LET(family, database_.prepare("DELETE FROM family WHERE id ="
                                              " (SELECT family FROM session WHERE hash = ?)"));
        STIPEND_TRY(family.bind_blob(hash).run());
        STIPEND_LET(session, database_.prepare("DELETE FROM session WHERE hash = ?"));
        return session.bind_blob(hash).run();
    });
}

}  // namespace stipend::api
