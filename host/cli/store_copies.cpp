#include "host/cli/store_copies.hpp"

#include <fcntl.h>

#include <array>

#include "host/alert/own_target_store.hpp"
#include "host/api/access_store.hpp"
#include "host/base/file.hpp"
#include "host/base/sqlite.hpp"
#include "host/ledger/backup_files.hpp"
#include "host/registry/registration_store.hpp"

namespace stipend::cli {
namespace fs = std::filesystem;
namespace {

std::array<fs::path, 3> stores_of(const fs::path& state) {
    return {api::access_file(state), registry::registry_file(state), alert::own_target_file(state)};
}

fs::path copy_name(const fs::path& backup, const fs::path& store) {
    return fs::absolute(backup).string() + "." + store.filename().string();
}

// SQLite writes into an empty file, so its mode is that with which it is made here.
Result<void> make_private(const fs::path& file) {
    const Fd made(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (made) return {};
    const int code = errno;
    return fail(code == EEXIST ? STIPEND_E_INVALID : STIPEND_E_UNAVAILABLE, file.string(),
                ": cannot be made: ", std::generic_category().message(code));
}

// With what its WAL has, in one read transaction.
Result<void> copy_store(const fs::path& from, const fs::path& to) {
    sqlite::Database source;
    // A connection that may write removes the WAL where it is the last one; one that may not leaves what it made.
    std::error_code none;
    const bool with_wal = fs::exists(from.string() + "-wal", none);
    STIPEND_TRY(source.open(from.string(), with_wal ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, 5'000));
    STIPEND_TRY(make_private(to));
    const auto fill = [&]() -> Result<void> {
        STIPEND_LET(copy, source.prepare("VACUUM INTO ?"));
        STIPEND_TRY(copy.bind_text(to.string()).run());
        return ledger::sync_path(to, O_RDWR);
    };
    auto done = fill();
    if (!done) fs::remove(to, none);
    return done;
}

}  // namespace

Result<std::vector<std::string>> copy_stores(const fs::path& state, const fs::path& backup) {
    std::vector<std::string> out;
    std::error_code none;
    for (const auto& store : stores_of(state)) {
        if (!fs::exists(store, none)) continue;
        const auto to = copy_name(backup, store);
        STIPEND_TRY(copy_store(store, to));
        out.push_back(to.string());
    }
    return out;
}

Result<RestoredStores> restore_stores(const fs::path& state, const fs::path& backup) {
    RestoredStores out;
    std::error_code none;
    for (const auto& store : stores_of(state)) {
        const auto from = copy_name(backup, store);
        if (!fs::exists(from, none)) continue;
        if (fs::exists(store, none)) {
            out.kept.push_back(store.string());
            continue;
        }
        const fs::path fresh = store.string() + ".restoring";
        fs::remove(fresh, none);  // of a restoration that was interrupted
        STIPEND_TRY(copy_store(from, fresh));
        STIPEND_TRY(ledger::give_owner_of(state, fresh));
        STIPEND_TRY(ledger::rename_new(fresh, store));
        out.restored.push_back(store.string());
    }
    if (!out.restored.empty()) STIPEND_TRY(ledger::sync_path(state, O_RDONLY | O_DIRECTORY));
    return out;
}

}  // namespace stipend::cli
