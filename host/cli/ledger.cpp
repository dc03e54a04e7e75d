#include "host/ledger/ledger.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/config/environment.hpp"
#include "host/engine/archive_request.hpp"
#include "host/ledger/backup.hpp"
#include "host/ledger/decision_json.hpp"
#include "host/ledger/head_file.hpp"
#include "host/runtime/role.hpp"
#include "stipend/hex.hpp"
#include "stipend/money.hpp"

namespace stipend::cli {
namespace {

Json report_json(const ledger::Report& report) {
    Json findings = Json::array();
    for (const auto& finding : report.findings) {
        Json one = Json::object();
        one.set("row", finding.row).set("what", finding.what);
        findings.push(std::move(one));
    }
    Json missing = Json::array();
    for (const auto& file : report.missing_archives) missing.push(file);
    Json out = Json::object();
    out.set("clean", report.clean());
    out.set("complete", report.complete());
    out.set("bad", report.bad);
    out.set("findings", std::move(findings));
    out.set("missing_archives", std::move(missing));
    out.set("wal_missing", report.wal_missing);
    out.set("audit_rows", report.audit_rows);
    out.set("decisions", report.decisions);
    out.set("fees", report.fees);
    out.set("orchestrators", report.orchestrators);
    out.set("head_seq", report.head.seq);
    out.set("head_hash", hex_encode(report.head.hash));
    return out;
}

// "SEQ:HASH", as `verify` prints it.
Result<ledger::Head> parse_head(const std::string& text) {
    const auto bad =
        fail(STIPEND_E_INVALID, "--head: got \"", text.substr(0, 90), "\", want SEQ:HASH as `ledger verify` prints it");
    const auto colon = text.find(':');
    if (colon == std::string::npos) return bad;
    const auto number = Decimal::parse(text.substr(0, colon));
    if (!number || !number->exact_scaled(0)) return bad;
    ledger::Head head{.seq = *number->exact_scaled(0), .hash = {}};
    if (!hex_decode(text.substr(colon + 1), head.hash)) return bad;
    return head;
}

// The accounts of fees: what was paid to the gateway in advance went to expenses.
Result<void> print_fees(const std::vector<ledger::Balance>& balances) {
    SignedWei all;
    for (const auto& balance : balances) {
        STIPEND_SET(all, all.plus(balance.fees));
        if (!balance.fees.zero()) fmt::print("fees:{:<27} {:>30} wei\n", balance.key, balance.fees.text());
    }
    if (all.zero()) return {};
    STIPEND_LET(prepaid, all.negated());
    fmt::print("{:<32} {:>30} wei\n{:<32} {:>30} wei\n", "expense:fees", all.text(), "gateway:prepaid", prepaid.text());
    return {};
}

}  // namespace

int ledger_verify(const VerifyOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    ledger::VerifyOptions verify;
    for (const auto& file : options.archives) verify.archives.emplace_back(file);
    if (!options.head.empty()) {
        const auto head = parse_head(options.head);
        if (!head) return print_error(head.error()), exit_usage;
        verify.expected_head = *head;
    }
    if (!options.heads.empty()) {
        const auto heads = ledger::read_heads(options.heads);
        if (!heads) return print_error(heads.error());
        if (heads->empty()) {
            return print_error(fail(STIPEND_E_INVALID, "--signed-heads: ", options.heads, ": there is none in it"));
        }
        for (const auto& one : *heads) verify.signed_heads.push_back(one.head);
    }
    const auto place =
        options.file.empty() ? ledger::database_file(settings->state) : std::filesystem::path(options.file);
    const auto opened =
        ledger::open(place, {.access = ledger::Access::read_only, .ns = runtime::namespace_of(*settings)});
    if (!opened) return print_error(opened.error());
    const auto report = (*opened)->verify(verify);
    if (!report) return print_error(report.error());
    if (options.common.json) {
        fmt::print("{}\n", report_json(*report).dump());
    } else {
        for (const auto& finding : report->findings) fmt::print("{}: {}\n", finding.row, finding.what);
        for (const auto& file : report->missing_archives)
            fmt::print("archive not found, and so not checked: {}\n", file);
        if (report->wal_missing) {
            fmt::print("WAL not found: {}-wal: this is a copy of a ledger in use, and lacks its newest rows\n",
                       place.string());
        }
        fmt::print("{}: {} audit rows, {} decisions, {} orchestrators; {} wrong\nhead {}:{}\n",
                   report->clean() ? "clean" : "BAD", report->audit_rows, report->decisions, report->orchestrators,
                   report->bad, report->head.seq, hex_encode(report->head.hash));
    }
    return report->clean() && report->complete() ? exit_good : exit_bad;
}

int ledger_balance(const Common& common) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, common, status);
    if (!settings) return status;
    const auto opened = open_ledger(*settings, ledger::Access::read_only);
    if (!opened) return print_error(opened.error());
    const auto balances = (*opened)->balances();
    if (!balances) return print_error(balances.error());
    Json list = Json::array();
    for (const auto& balance : *balances) {
        if (common.json) {
            Json one = Json::object();
            one.set("orchestrator", balance.key).set("owed_wei", balance.owed.text());
            one.set("fees_wei", balance.fees.text());
            one.set("asset", balance.network.symbol).set("decimals", balance.network.decimals);
            auto others = Json::array();
            for (const auto& [network, owed] : balance.others) {
                others.push(Json::object()
                                .append("asset", network.symbol)
                                .append("decimals", network.decimals)
                                .append("chain_id", network.chain_id)
                                .append("owed_wei", owed.text()));
            }
            one.set("owed_elsewhere", std::move(others));
            list.push(std::move(one));
        } else {
            const auto line = [&](const ledger::Network& network, const SignedWei& owed) {
                if (network.id == 0) return fmt::print("{:<32} {:>30} wei\n", balance.key, owed.text());
                fmt::print("{:<32} {:>34}\n", balance.key, network.text_of(owed));
            };
            line(balance.network, balance.owed);
            for (const auto& [network, owed] : balance.others) line(network, owed);
        }
    }
    if (common.json) {
        fmt::print("{}\n", list.dump());
        return exit_good;
    }
    const auto printed = print_fees(*balances);
    return printed ? exit_good : print_error(printed.error());
}

int ledger_export(const ExportOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    ledger::DecisionFilter filter;
    const auto time = [&](const std::string& text, std::optional<stipend_unix_ns>& out) {
        if (text.empty()) return true;
        const auto at = parse_utc(text);
        if (!at) print_error(at.error());
        if (at) out = *at;
        return at.ok();
    };
    if (!time(options.from, filter.from) || !time(options.to, filter.to)) return exit_usage;
    const auto opened = open_ledger(*settings, ledger::Access::read_only);
    if (!opened) return print_error(opened.error());
    const auto print = [&](std::string_view key, const Json& line) -> Result<void> {
        if (!options.orchestrator.empty() && key != options.orchestrator) return {};
        const auto text = line.dump() + "\n";
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
            return fail(STIPEND_E_UNAVAILABLE, "cannot write to standard output");
        }
        return {};
    };
    const auto& book = *opened;
    const auto run = [&]() -> Result<void> {
        if (options.kind == "fees") {
            return book->export_fees(filter,
                                     [&](const ledger::FeeLine& line) { return print(line.key, fee_json(line)); });
        }
        if (options.kind == "manual") {
            return book->export_payments(
                filter, [&](const ledger::ManualLine& line) { return print(line.key, manual_payment_json(line)); });
        }
        if (options.kind == "objections") {
            return book->export_objections(
                filter, [&](const ledger::ObjectionLine& line) { return print(line.key, objection_json(line)); });
        }
        return book->export_decisions(
            filter, [&](const ledger::DecisionLine& line) { return print(line.key, decision_json(line)); });
    };
    const auto done = run();
    std::fflush(stdout);
    return done ? exit_good : print_error(done.error());
}

int ledger_archive(const ArchiveOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto body = Json::object()
                          .append("before", options.before)
                          .append("file", std::filesystem::absolute(options.file).native());
    const auto request = engine::parse_archive_request(body);
    if (!request) return print_error(request.error()), exit_usage;
    auto answer = ask_host(*settings, "POST", "/archive", body, slow_ms);
    if (!answer && answer.error().status == STIPEND_E_UNAVAILABLE) {
        // The ledger's lock keeps out a host that starts meanwhile, and keeps us out where one runs that did not
        // answer.
        auto opened = open_ledger(*settings, ledger::Access::read_write);
        const auto report = opened ? (*opened)->archive(request->before, request->file)
                                   : Result<ledger::ArchiveReport>(std::move(opened).error());
        answer = report ? Result<Json>(engine::archive_json(*report)) : Result<Json>(report.error());
    }
    if (!answer) return print_error(answer.error());
    const auto text = [&](const char* key) { return answer->find(key)->text(); };
    if (options.common.json) {
        fmt::print("{}\n", answer->dump());
    } else {
        fmt::print("{} decisions, rows {} to {} of the chain, are now in {}\ndigest {}\nsigned by {}\n",
                   text("decisions"), text("first"), text("last"), text("file"), text("digest"), text("signer"));
    }
    return exit_good;
}

}  // namespace stipend::cli
