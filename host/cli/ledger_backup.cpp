#include <fmt/format.h>

#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/store_copies.hpp"
#include "host/config/environment.hpp"
#include "host/ledger/backup.hpp"
#include "host/runtime/role.hpp"
#include "stipend/hex.hpp"

namespace stipend::cli {
namespace {

Json texts(const std::vector<std::string>& list) {
    Json out = Json::array();
    for (const auto& text : list) out.push(text);
    return out;
}

}  // namespace

int ledger_backup(const BackupOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    std::error_code none;
    if (const auto file = ledger::database_file(settings->state);
        options.if_any && !std::filesystem::exists(file, none)) {
        options.common.json ? fmt::print("null\n") : fmt::print("{}: there is no ledger\n", file.native());
        return exit_good;
    }
    // A reader of its own: the host neither waits nor takes part.
    const auto opened = open_ledger(*settings, ledger::Access::read_only);
    if (!opened) return print_error(opened.error());
    const auto report = (*opened)->backup(options.file);
    if (!report) return print_error(report.error());
    const auto stores = copy_stores(settings->state, options.file);
    if (!stores) return print_error(stores.error());
    std::vector<std::string> missing, found;
    for (const auto& one : report->archives) (one.path.empty() ? missing : found).push_back(one.facts.file);
    if (options.common.json) {
        fmt::print("{}\n", Json::object()
                               .append("file", report->file)
                               .append("list", report->list)
                               .append("sha256", report->sha256)
                               .append("bytes", report->bytes)
                               .append("decisions", report->decisions)
                               .append("head_seq", report->head.seq)
                               .append("head_hash", hex_encode(report->head.hash))
                               .append("archives", texts(found))
                               .append("missing_archives", texts(missing))
                               .append("beside", texts(*stores))
                               .dump());
        return exit_good;
    }
    fmt::print("{}: {} bytes, {} decisions with those in archives, verified\nsha256 {}\nhead {}:{}\n", report->file,
               report->bytes, report->decisions, report->sha256, report->head.seq, hex_encode(report->head.hash));
    for (const auto& file : *stores) fmt::print("beside it: {}\n", file);
    for (const auto& file : found) fmt::print("archive, to be copied as well: {}\n", file);
    for (const auto& file : missing) fmt::print("archive not found, and so not checked: {}\n", file);
    return exit_good;
}

int ledger_restore(const RestoreOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto report = ledger::restore(ledger::database_file(settings->state),
                                        {.ns = runtime::namespace_of(*settings)}, options.file, options.replace);
    if (!report) return print_error(report.error());
    const auto stores = restore_stores(settings->state, options.file);
    if (!stores) return print_error(stores.error());
    const auto& restored = report->restored;
    if (options.common.json) {
        fmt::print("{}\n",
                   Json::object()
                       .append("at", utc_text(restored.at))
                       .append("last_seq", restored.last)
                       .append("backup_at", restored.backup_at == 0 ? Json() : Json(utc_text(restored.backup_at)))
                       .append("head_seq", report->head.seq)
                       .append("head_hash", hex_encode(report->head.hash))
                       .append("aside", report->aside.empty() ? Json() : Json(report->aside))
                       .append("wal_missing", report->incomplete)
                       .append("missing_archives", texts(report->missing_archives))
                       .append("beside", texts(stores->restored))
                       .append("kept", texts(stores->kept))
                       .dump());
        return exit_good;
    }
    fmt::print("restored up to row {} of the chain, verified; recorded as row {}\n", restored.last, report->head.seq);
    for (const auto& file : stores->restored) fmt::print("restored as well: {}\n", file);
    for (const auto& file : stores->kept) fmt::print("left as it is: {}\n", file);
    if (!report->aside.empty()) fmt::print("the ledger before it is in {}\n", report->aside);
    if (report->incomplete)
        fmt::print("WAL not found: the file is a copy of a ledger in use, and lacked its newest rows\n");
    for (const auto& file : report->missing_archives) fmt::print("archive not found, and so not checked: {}\n", file);
    return exit_good;
}

}  // namespace stipend::cli
