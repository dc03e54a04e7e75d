#include "host/ledger/columns.hpp"

#include <algorithm>

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
    stipend_u256 raw{};
    std::ranges::copy(from_.bytes32(), raw.be);
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

StoredDecision read_decision(sqlite::Statement& from) {
    StoredDecision out;
    out.seq = from.i64();
    out.decision = read_row<Decision>(from);
    out.state_digest = from.bytes32();
    out.malformed = from.malformed();
    return out;
}

}  // namespace stipend::ledger
