// Binds records to statements and reads them from rows, by their lists of fields.
#pragma once

#include <string>
#include <string_view>

#include "host/base/sqlite.hpp"
#include "host/ledger/canonical.hpp"
#include "host/ledger/fields.hpp"
#include "host/ledger/rows.hpp"

namespace stipend::ledger {

// The columns of a record, as a statement lists them: "orchestrator, epoch, due_at".
template <Listed Row>
[[nodiscard]] const std::string& columns() {
    static const std::string list = [] {
        std::string out;
        const Row row{};
        flat_fields(row, [&](const Field& field, const auto&) { out += cat(out.empty() ? "" : ", ", field.column); });
        return out;
    }();
    return list;
}

// As many placeholders as `columns` lists: "?,?,?".
[[nodiscard]] std::string placeholders(std::string_view columns);
// An INSERT into these columns.
[[nodiscard]] std::string insert_sql(std::string_view table, std::string_view columns);

// Binds fields from left to right. Texts and blobs are borrowed until the statement has run.
class Binder {
  public:
    explicit Binder(sqlite::Statement& to) : to_(to) {}

    template <std::integral T>
    void operator()(const Field&, T value) const {
        to_.bind(value);
    }
    template <class T>
    requires std::is_enum_v<T>
    void operator()(const Field&, T value) const { to_.bind(static_cast<std::underlying_type_t<T>>(value)); }
    template <std::integral T>
    void operator()(const Field&, const std::optional<T>& value) const {
        to_.bind(value);
    }
    void operator()(const Field&, Usd usd) const { to_.bind(usd.count_e8()); }
    void operator()(const Field&, const std::optional<Usd>& usd) const {
        to_.bind(usd ? std::optional(usd->count_e8()) : std::nullopt);
    }
    void operator()(const Field&, const std::string& text) const { to_.bind_text(text); }
    void operator()(const Field&, const Hashed<const std::string>& value) const { to_.bind_text(value.text); }
    void operator()(const Field&, const Blob<const std::string>& value) const { to_.bind_blob(bytes_of(value.bytes)); }
    void operator()(const Field&, const HashedBlob<const std::string>& value) const {
        to_.bind_blob(bytes_of(value.bytes));
    }
    void operator()(const Field&, const Hash& hash) const { to_.bind_blob(hash); }
    void operator()(const Field&, const Wei& wei) const { to_.bind_amount(wei.to_abi().be); }
    void operator()(const Field&, const SignedWei& wei) const { to_.bind_amount(wei.to_bytes()); }
    void operator()(const Field&, const stipend_memory& memory) const { to_.bind_blob(bytes_of(trimmed(memory))); }

  private:
    static std::span<const std::uint8_t> bytes_of(std::string_view text) {
        return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
    }

    sqlite::Statement& to_;
};

template <Listed Row>
void bind_row(sqlite::Statement& to, const Row& row) {
    flat_fields(row, Binder(to));
}

// Inserts a row of the chain. For rare kinds: prepares the statement on each call.
template <Listed Row>
[[nodiscard]] Result<void> insert_row(sqlite::Database& database, std::string_view table, Seq seq, const Row& row) {
    STIPEND_LET(insert, database.prepare(insert_sql(table, cat("seq, ", columns<Row>()))));
    bind_row(insert.bind(seq), row);
    return insert.run();
}

// Reads fields from left to right; the statement is `malformed` if a column holds a value that this program never
// writes.
class Reader {
  public:
    explicit Reader(sqlite::Statement& from) : from_(from) {}

    template <std::integral T>
    void operator()(const Field&, T& value) const {
        value = from_.as<T>();
    }
    void operator()(const Field&, bool& value) const { value = from_.flag(); }
    template <class T>
    requires std::is_enum_v<T>
    void operator()(const Field&, T& value) const { value = static_cast<T>(from_.as<std::underlying_type_t<T>>()); }
    template <std::integral T>
    void operator()(const Field&, std::optional<T>& value) const {
        value = from_.maybe<T>();
    }
    void operator()(const Field&, Usd& usd) const { usd = Usd::of_e8(from_.i64()); }
    void operator()(const Field&, std::optional<Usd>& usd) const {
        const auto count = from_.maybe<std::int64_t>();
        usd = count ? std::optional(Usd::of_e8(*count)) : std::nullopt;
    }
    void operator()(const Field&, std::string& text) const { text = from_.text(); }
    void operator()(const Field&, const Hashed<std::string>& value) const { value.text = from_.text(); }
    void operator()(const Field&, const Blob<std::string>& value) const { value.bytes = from_.blob(); }
    void operator()(const Field&, const HashedBlob<std::string>& value) const { value.bytes = from_.blob(); }
    void operator()(const Field&, Hash& hash) const { hash = from_.bytes32(); }
    void operator()(const Field&, Wei& wei) const;
    void operator()(const Field&, SignedWei& wei) const { wei = SignedWei::from_bytes(from_.bytes32()); }
    void operator()(const Field&, stipend_memory& memory) const;

  private:
    sqlite::Statement& from_;
};

template <Listed Row>
[[nodiscard]] Row read_row(sqlite::Statement& from) {
    Row row{};
    flat_fields(row, Reader(from));
    return row;
}

struct StoredDecision {
    Seq seq = 0;
    Hash state_digest = {};
    Decision decision = {};
    bool malformed =
        false;  // a column holds a value that this program never writes; the decision is a best effort then
};
[[nodiscard]] StoredDecision read_decision(sqlite::Statement& from);
// FROM and WHERE of a SELECT of the manual payments of the namespace ?1, with their `key`; ends with a blank.
inline constexpr std::string_view manual_payments_of =
    " FROM manual_payment JOIN (SELECT id AS known, ns, key FROM orchestrator) ON known = orchestrator WHERE ns = ?1 ";
// Reads the columns of a manual payment. INVALID where they are damaged.
[[nodiscard]] Result<ManualPayment> sound_payment(const sqlite::Database& database, sqlite::Statement& from, Seq seq);
// A SELECT of what read_decision reads; `rest` begins with WHERE.
[[nodiscard]] std::string select_decisions(std::string_view rest);
// The same without what DecisionFilter::brief leaves out, which stays as in a new row.
[[nodiscard]] StoredDecision read_brief_decision(sqlite::Statement& from);
[[nodiscard]] std::string select_brief_decisions(std::string_view rest);

}  // namespace stipend::ledger
