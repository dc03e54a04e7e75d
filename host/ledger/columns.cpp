#include "host/ledger/columns.hpp"

#include <algorithm>

#include "host/ledger/invariants.hpp"

namespace stipend::ledger {

std::string placeholders(std::string_view columns) {
    std::string out = "?";
    for (auto commas = std::ranges::count(columns, ','); commas > 0; --commas) out += ",?";
    return out;
}

std::string insert_sql(std::string_view table, std::string_view columns) {
    return cat("INSERT INTO ", table, "(", columns, ") VALUES(", placeholders(columns), ")");
}

void Reader::operator()(const Field&, Wei& wei) const {
    const auto bytes = from_.bytes32();
    constexpr auto low = std::ptrdiff_t{32 - sizeof(std::uint64_t)};
    if (std::ranges::all_of(bytes.begin(), bytes.begin() + low, [](auto byte) { return byte == 0; })) {
        // Nearly every amount: the general way takes longer than all other columns of a row.
        std::uint64_t number = 0;
        std::for_each(bytes.begin() + low, bytes.end(), [&](auto byte) { number = number << 8 | byte; });
        wei = Wei(number);
        return;
    }
    stipend_u256 raw{};
    std::ranges::copy(bytes, raw.be);
    wei = Wei::from_abi(raw);
}

void Reader::operator()(const Field&, stipend_memory& memory) const {
    const std::string bytes = from_.blob();
    if (bytes.size() > sizeof memory.bytes || bytes.ends_with('\0')) from_.mark_malformed();
    std::copy_n(bytes.data(), std::min(bytes.size(), sizeof memory.bytes), memory.bytes);
}

std::string select_decisions(std::string_view rest) {
    return cat("SELECT seq, ", columns<Decision>(), ", state_digest FROM decision ", rest);
}

std::string select_brief_decisions(std::string_view rest) {
    static const std::string list = [] {
        std::string out = "seq";
        const Decision row{};
        flat_fields(row, [&](const Field& field, const auto&) {
            if (field.brief) out += cat(", ", field.column);
        });
        return out;
    }();
    return cat("SELECT ", list, " FROM decision ", rest);
}

StoredDecision read_decision(sqlite::Statement& from) {
    StoredDecision out;
    out.seq = from.i64();
    out.decision = read_row<Decision>(from);
    out.state_digest = from.bytes32();
    out.malformed = from.malformed();
    return out;
}

StoredDecision read_brief_decision(sqlite::Statement& from) {
    StoredDecision out;
    out.seq = from.i64();
    flat_fields(out.decision, [reader = Reader(from)](const Field& field, auto&& value) {
        if (field.brief) reader(field, std::forward<decltype(value)>(value));
    });
    out.malformed = from.malformed();
    return out;
}

Result<ManualPayment> sound_payment(const sqlite::Database& database, sqlite::Statement& from, Seq seq) {
    auto out = read_row<ManualPayment>(from);
    if (!from.malformed() && !broken_invariant(out)) return out;
    return fail(STIPEND_E_INVALID, "ledger: ", database.path(), ": manual payment seq ", seq,
                " is damaged: run `stipend ledger verify` for details");
}

}  // namespace stipend::ledger
