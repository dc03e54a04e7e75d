// A ledger whose file, or whose archive, was changed: nothing crashes or hangs, and what `verify` calls whole can be
// read and says what it said before the change. The first byte is the kind of change:
//
//   e, E   edits of the bytes of the ledger, or of its archive: 3 bytes of an offset, and the byte that is put there
//   t, T   the file is cut off: 3 bytes of its new length
//   s, S   changes by SQL, as of a program that may write the file: see `tamper`
//   r, R   the rest of the input is the file
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "host/ledger/canonical.hpp"
#include "host/ledger/decision_json.hpp"
#include "host/ledger/fees.hpp"
#include "stipend/hex.hpp"
#include "tests/fuzz/target.hpp"
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "tests/unit/ledger/ledger_fixture.hpp"

using namespace ledger_test;

namespace {

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write(const std::filesystem::path& file, std::string_view bytes) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    FUZZ_REQUIRE(out.good());
}

std::string text_of(const Result<State>& state) {
    if (!state) return "";
    std::string out = cat("state ", state->head.seq, " ", hex_encode(state->head.hash), "\n");
    std::string encoded;
    for (const auto& record : state->orchestrators) {
        encode_state(encoded, record.state);
        out += cat(orchestrator_body(record.row, "ns"), " ", hex_encode(encoded), " ", record.owed.text(), " ",
                   record.memory_policy, " ", record.open_gap ? record.open_gap->from : 0, "\n");
    }
    for (const auto& fees : state->fees) {
        out += cat("fees ", fees.orchestrator, " ", fees.state.total_wei.text(), " ", fees.state.open_wei.text(), "\n");
    }
    out += cat("next ", state->next_orchestrator, " ", state->next_generation, "\n");
    if (state->generation) out += cat(generation_body(*state->generation), "\n");
    for (const auto& price : state->prices) out += cat(price_body(price), "\n");
    return out;
}

// All that is read of a ledger, or nothing where a part of it cannot be read.
std::string contents(Ledger& ledger) {
    std::string out = text_of(ledger.load_state());
    if (out.empty()) return out;
    const auto decisions = ledger.export_decisions({}, [&](const DecisionLine& line) -> Result<void> {
        out += cat(line.seq, " ", decision_json(line).dump(), "\n");
        return {};
    });
    const auto fees = ledger.export_fees({}, [&](const FeeLine& line) -> Result<void> {
        out += cat(line.seq, " ", fee_json(line).dump(), "\n");
        return {};
    });
    const auto balances = ledger.balances();
    const auto unpaid = ledger.unpaid(std::nullopt, 1'000);
    if (!decisions || !fees || !balances || !unpaid || !ledger.stats() || !ledger.head()) return "";
    for (const auto& one : *balances) out += cat(one.key, " ", one.owed.text(), " ", one.fees.text(), "\n");
    for (const auto& gap : *unpaid) {
        out += cat(gap.key, " ", gap.from, " ", gap.to.value_or(0), " ", gap.cause, " ", gap.usd ? gap.usd->text() : "",
                   "\n");
    }
    return out;
}

Fee fee(FeeState& state, FeeKind kind, std::string_view amount, std::uint64_t epoch) {
    const auto step = fee_step(state, kind, *SignedWei::parse(amount), fee_day(start_ns));
    FUZZ_REQUIRE(step.ok());
    state = step->after;
    return {.kind = kind,
            .orchestrator = 1,
            .epoch = epoch,
            .attempt = 1,
            .at = start_ns,
            .wei = *SignedWei::parse(amount),
            .moved = step->moved,
            .after = step->after};
}

// A ledger with every kind of row and an archive; each input changes a copy.
class Specimen {
  public:
    Specimen() {
        {
            const auto ledger = must_open(path());
            fill_with_everything(*ledger);
            FeeState state;
            FUZZ_REQUIRE(ledger->commit({.fees = {fee(state, FeeKind::reserved, "1000", 2)}}).ok());
            FUZZ_REQUIRE(ledger->commit({.fees = {fee(state, FeeKind::closed, "400", 2)}}).ok());
            FUZZ_REQUIRE(ledger->commit({.fees = {fee(state, FeeKind::reserved, "77", 3)}}).ok());
            FUZZ_REQUIRE(ledger->archive(start_ns + minute_ns, archive()).ok());
            FUZZ_REQUIRE(ledger->kv_put("plugin", "key", "value", {}).ok());
        }
        whole_ = bytes_of(path());
        whole_archive_ = bytes_of(archive());
        const auto ledger = must_open(path(), reader());
        const auto report = ledger->verify({});
        FUZZ_REQUIRE(report.ok() && report->clean() && report->complete());
        FUZZ_REQUIRE(report->decisions == 5 && report->fees == 3);
        head_ = report->head;
        contents_ = contents(*ledger);
        FUZZ_REQUIRE(!contents_.empty());
    }
    [[nodiscard]] std::filesystem::path path() const { return folder_ / "ledger.db"; }
    [[nodiscard]] std::filesystem::path archive() const { return folder_ / "old.db"; }

    // Puts both files back.
    void restore() {
        for (const char* name : {"ledger.db-wal", "ledger.db-shm", "ledger.db-journal", "old.db-journal"}) {
            std::error_code none;
            std::filesystem::remove(folder_ / name, none);
        }
        write(path(), whole_);
        write(archive(), whole_archive_);
    }
    void check() const {
        auto ledger = open(path(), reader());
        if (!ledger) {
            FUZZ_REQUIRE(!ledger.error().message.empty());
            return;
        }
        const auto report = (*ledger)->verify({});
        const auto now = contents(**ledger);
        if (!report) {
            FUZZ_REQUIRE(!report.error().message.empty());
            return;
        }
        FUZZ_REQUIRE(report->clean() == report->findings.empty());
        if (!report->clean() || !report->complete()) return;
        if (report->head == head_ && now != contents_) {
            std::fprintf(stderr, "--- before\n%s--- now\n%s", contents_.c_str(), now.c_str());
        }
        FUZZ_REQUIRE(!now.empty());
        FUZZ_REQUIRE(report->head != head_ || now == contents_);
    }
    [[nodiscard]] const std::string& bytes(bool of_archive) const { return of_archive ? whole_archive_ : whole_; }

  private:
    // The fixture's own checks need a context; its folder is in memory where the system has such a place.
    struct Context : doctest::Context {
        Context() {
            setAsDefaultForAssertsOutOfTestCases();
            if (std::filesystem::exists("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
        }
    };
    Context context_;
    TempFolder folder_;
    std::string whole_, whole_archive_, contents_;
    Head head_;
};

std::vector<std::string> names(sqlite3* database, const std::string& sql) {
    std::vector<std::string> out;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) return out;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        out.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    }
    sqlite3_finalize(statement);
    return out;
}

// Per change: which table, which column, which row, and what becomes of it. A change that SQLite refuses is none.
void tamper(const std::filesystem::path& file, fuzz::Input& input) {
    sqlite3* database = nullptr;
    FUZZ_REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
    sqlite3_exec(database, "PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON", nullptr, nullptr, nullptr);
    const auto tables = names(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    for (int changes = 0; changes < 3 && !input.empty(); ++changes) {
        const auto& table = tables[input.byte() % tables.size()];
        const auto columns = names(database, cat("SELECT name FROM pragma_table_info('", table, "')"));
        const auto& column = columns[input.byte() % columns.size()];
        const auto row = std::to_string(input.byte() % 16);
        const auto kind = input.byte() % 8;
        const auto number = static_cast<std::int64_t>(input.number(kind == 0 ? 1 : 8));
        const auto keys = names(database, cat("SELECT name FROM pragma_table_info('", table, "') WHERE pk > 0"));
        std::string key;
        for (const auto& one : keys) key += (key.empty() ? "" : ", ") + one;
        const auto where = cat(" WHERE (", key, ") = (SELECT ", key, " FROM ", table, " LIMIT 1 OFFSET ", row, ")");
        const auto set = [&](const std::string& value) {
            return cat("UPDATE ", table, " SET ", column, " = ", value, where);
        };
        std::string sql;
        switch (kind) {
            case 0:
                sql = set(cat(column, " + ", number - 128));
                break;
            case 1:
                sql = set(std::to_string(number));
                break;
            case 2:
                sql = set("NULL");
                break;
            case 3:
                sql = set(cat("x'", hex_encode(input.text(input.byte())), "'"));
                break;
            case 4:
                sql = set(cat("CAST(x'", hex_encode(input.text(input.byte())), "' AS TEXT)"));
                break;
            case 5:  // the value of another row
                sql = set(cat("(SELECT ", column, " FROM ", table, " LIMIT 1 OFFSET ", number & 15, ")"));
                break;
            case 6:
                sql = cat("DELETE FROM ", table, where);
                break;
            default: {  // a further row, with another value in one column
                std::string values;
                for (const auto& one : columns) {
                    values += cat(values.empty() ? "" : ", ", one == column ? std::to_string(number) : one);
                }
                sql = cat("INSERT INTO ", table, " SELECT ", values, " FROM ", table, where);
            }
        }
        sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
    }
    sqlite3_close(database);
}

void edit(std::string& bytes, fuzz::Input& input) {
    for (int edits = 0; edits < 64 && !input.empty(); ++edits) {
        const auto at = input.number(3);
        const auto value = static_cast<char>(input.byte());
        bytes[at % bytes.size()] = value;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Specimen specimen;
    fuzz::Input input(data, size);
    const auto kind = input.text(1);
    if (kind.empty() || std::string_view("eEtTsSrR").find(kind[0]) == std::string_view::npos) return 0;
    const bool of_archive = kind[0] < 'a';
    const auto file = of_archive ? specimen.archive() : specimen.path();
    specimen.restore();
    auto bytes = specimen.bytes(of_archive);
    switch (kind[0] | 0x20) {
        case 'e':
            edit(bytes, input);
            write(file, bytes);
            break;
        case 't':
            write(file, bytes.substr(0, input.number(3) % bytes.size()));
            break;
        case 's':
            tamper(file, input);
            break;
        default:
            write(file, input.rest());
    }
    specimen.check();
    return 0;
}
