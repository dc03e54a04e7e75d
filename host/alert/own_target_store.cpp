#include "host/alert/own_target_store.hpp"

#include <algorithm>
#include <charconv>
#include <span>

#include "stipend/json_parse.hpp"

namespace stipend::alert {
namespace {

constexpr sqlite::PrivateTables target_tables{"alert targets", 1, R"(
CREATE TABLE target(orchestrator TEXT PRIMARY KEY, registered_at INTEGER NOT NULL, state INTEGER NOT NULL,
    mail INTEGER NOT NULL, address TEXT NOT NULL, set_at INTEGER NOT NULL, code BLOB, code_until INTEGER NOT NULL,
    wrong_codes INTEGER NOT NULL, signs INTEGER NOT NULL, day INTEGER NOT NULL, sent INTEGER NOT NULL,
    changes INTEGER NOT NULL, omitted INTEGER NOT NULL, failures INTEGER NOT NULL, last_error TEXT NOT NULL,
    retry_at INTEGER NOT NULL, last_success INTEGER NOT NULL, waiting TEXT NOT NULL) STRICT;
PRAGMA user_version = 1;
)"};

std::string waiting_text(const OwnTarget& target) {
    auto out = Json::array();
    for (const auto& one : target.waiting) {
        out.push(Json::object()
                     .append("kind", static_cast<int>(one.kind))
                     .append("at", one.at)
                     .append("id", one.delivery_id)
                     .append("omitted", one.omitted));
    }
    return out.dump();
}

template <class Number>
bool read_number(const Json& from, std::string_view name, Number& out) {
    const auto* value = from.find(name);
    if (value == nullptr) return false;
    const auto& text = value->text();
    return std::from_chars(text.data(), text.data() + text.size(), out).ptr == text.data() + text.size();
}

Result<void> read_waiting(const std::string& text, OwnTarget& out) {
    STIPEND_LET(json, parse_json(text));
    for (const auto& one : json.items()) {
        int kind = -1;
        OwnEvent event;
        const auto* id = one.find("id");
        if (id == nullptr || !read_number(one, "kind", kind) || !read_number(one, "at", event.at) ||
            !read_number(one, "omitted", event.omitted) || kind < 0 || kind > static_cast<int>(OwnKind::omitted) ||
            out.waiting.size() >= most_events_a_day) {
            return fail(STIPEND_E_CONFIG, "alert targets: a row of ", out.orchestrator, " is damaged");
        }
        event.kind = static_cast<OwnKind>(kind);
        event.delivery_id = id->text();
        out.waiting.push_back(std::move(event));
    }
    return {};
}

Result<OwnTarget> read_row(sqlite::Statement& row) {
    OwnTarget out;
    out.orchestrator = row.text();
    out.registered_at = row.i64();
    const auto state = row.as<std::uint8_t>();
    out.mail = row.flag();
    out.address = row.text();
    out.set_at = row.i64();
    const auto code = row.blob();
    out.code_until = row.i64();
    out.wrong_codes = row.as<std::uint32_t>();
    out.signs = row.as<std::uint32_t>();
    out.day = row.i64();
    out.sent = row.as<std::uint32_t>();
    out.changes = row.as<std::uint32_t>();
    out.omitted = row.as<std::uint64_t>();
    out.failures = row.as<std::uint32_t>();
    out.last_error = row.text();
    out.retry_at = row.i64();
    out.last_success = row.i64();
    const auto waiting = row.text();
    if (!code.empty()) {
        out.code.emplace();
        if (code.size() == out.code->size()) std::copy(code.begin(), code.end(), out.code->begin());
    }
    if (row.malformed() || state > static_cast<std::uint8_t>(TargetState::off) ||
        (!code.empty() && code.size() != out.code->size())) {
        return fail(STIPEND_E_CONFIG, "alert targets: a row is damaged");
    }
    out.state = static_cast<TargetState>(state);
    STIPEND_TRY(read_waiting(waiting, out));
    return out;
}

}  // namespace

Result<std::unique_ptr<OwnTargetStore>> OwnTargetStore::open(const std::filesystem::path& file) {
    std::unique_ptr<OwnTargetStore> self(new OwnTargetStore());
    STIPEND_TRY(sqlite::open_private(self->database_, file, target_tables));
    return self;
}

Result<std::vector<OwnTarget>> OwnTargetStore::load() {
    std::vector<OwnTarget> out;
    STIPEND_LET(rows, database_.prepare("SELECT * FROM target ORDER BY orchestrator"));
    for (;;) {
        STIPEND_LET(more, rows.next());
        if (!more) return out;
        STIPEND_LET(one, read_row(rows));
        out.push_back(std::move(one));
    }
}

Result<void> OwnTargetStore::put(const OwnTarget& target) {
    return sqlite::write(database_, [&]() -> Result<void> {
        STIPEND_LET(row,
                    database_.prepare("INSERT OR REPLACE INTO target VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
        const auto waiting = waiting_text(target);
        row.bind_text(target.orchestrator)
            .bind(target.registered_at)
            .bind(static_cast<std::uint8_t>(target.state))
            .bind(target.mail)
            .bind_text(target.address)
            .bind(target.set_at);
        if (target.code) {
            row.bind_blob(*target.code);
        } else {
            row.bind_null();
        }
        row.bind(target.code_until)
            .bind(target.wrong_codes)
            .bind(target.signs)
            .bind(target.day)
            .bind(target.sent)
            .bind(target.changes)
            .bind(target.omitted)
            .bind(target.failures)
            .bind_text(target.last_error)
            .bind(target.retry_at)
            .bind(target.last_success)
            .bind_text(waiting);
        return row.run();
    });
}

Result<void> OwnTargetStore::remove(std::string_view orchestrator) {
    return sqlite::write(database_, [&]() -> Result<void> {
        STIPEND_LET(row, database_.prepare("DELETE FROM target WHERE orchestrator = ?"));
        return row.bind_text(orchestrator).run();
    });
}

}  // namespace stipend::alert
