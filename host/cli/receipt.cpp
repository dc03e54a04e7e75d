// `stipend receipt` and `stipend statement`: what was paid and for what, signed for the payee, and checked offline.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "host/base/file.hpp"
#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/receipt/statement.hpp"
#include "host/runtime/role.hpp"

namespace stipend::cli {
namespace {

// The ledger and the key of the state folder.
struct Opened {
    ledger::Namespace ns;
    std::unique_ptr<ledger::Ledger> book;
    receipt::Key key;
};
Result<Opened> open_both(const config::Settings& settings) {
    const auto ns = runtime::namespace_of(settings);
    STIPEND_LET(book, open_ledger(settings, ledger::Access::read_only));
    STIPEND_LET(key, receipt::Key::open(settings.state));
    return Opened{ns, std::move(book), std::move(key)};
}

int print_text(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return exit_good;
    return print_error(fail(STIPEND_E_UNAVAILABLE, "cannot write to standard output"));
}

int print_checked(const receipt::Checked& checked, const ReceiptOptions& options) {
    const bool valid = checked.problems.empty();
    if (options.common.json) {
        auto problems = Json::array();
        for (const auto& problem : checked.problems) problems.push(problem);
        fmt::print("{}\n", Json::object()
                               .append("valid", valid)
                               .append("what", checked.what)
                               .append("signer", checked.signer)
                               .append("problems", std::move(problems))
                               .dump());
        return valid ? exit_good : exit_bad;
    }
    fmt::print("{}: {}\nsigner {}\n", valid ? "valid" : "INVALID", printable_line(checked.what),
               printable_line(checked.signer));
    for (const auto& problem : checked.problems) print_notice(problem);
    if (valid && options.address.empty()) {
        fmt::print("compare that address with the one that the payer has published\n");
    }
    return valid ? exit_good : exit_bad;
}

}  // namespace

int receipt_key(const Common& common) {
    int status = exit_good;
    const auto settings = settings_for(Reads::place, common, status);
    if (!settings) return status;
    const auto key = receipt::Key::open(settings->state);
    if (!key) return print_error(key.error());
    if (common.json) {
        fmt::print("{}\n", Json::object().append("address", key->address()).append("scheme", "EIP-191").dump());
    } else {
        fmt::print("{}\n", key->address());
    }
    return exit_good;
}

int receipt_show(const ReceiptOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto opened = open_both(*settings);
    if (!opened) return print_error(opened.error());
    const auto text = receipt::make_receipt(*opened->book, opened->ns, options.payout, {}, opened->key);
    if (!text) return print_error(text.error());
    if (!*text) return print_error(fail(STIPEND_E_INVALID, "no payout ", options.payout, " is here"));
    return print_text(**text);
}

int receipt_verify(const ReceiptOptions& options) {
    const auto text = options.file == "-" ? read_all(STDIN_FILENO, receipt::max_document_bytes)
                                          : read_file(options.file, receipt::max_document_bytes);
    if (!text) return print_error(text.error());
    const auto checked = receipt::check_document(*text, options.address);
    return checked ? print_checked(*checked, options) : print_error(checked.error());
}

int statement(const StatementOptions& options) {
    int status = exit_good;
    const auto month = receipt::parse_month(options.month);
    if (!month) return print_error(month.error()), exit_usage;
    const auto format = receipt::parse_format(options.format);
    if (!format) return print_error(format.error()), exit_usage;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto opened = open_both(*settings);
    if (!opened) return print_error(opened.error());
    const auto made = receipt::make_statement(*opened->book, opened->ns, options.orchestrator, options.network, *month,
                                              SystemClock().now());
    if (!made) return print_error(made.error());
    if (!*made) {
        return print_error(
            fail(STIPEND_E_INVALID, "no orchestrator ", printable_line(options.orchestrator), " is here"));
    }
    const auto text = receipt::statement_text(**made, *format, opened->key);
    if (options.output.empty()) return print_text(text);
    const auto written = write_file_atomically(options.output, text, 0644);
    return written ? exit_good : print_error(written.error());
}

}  // namespace stipend::cli
