#include "host/ledger/backup_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <system_error>

#include "host/base/file.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "host/ledger/marks.hpp"
#include "stipend/hex.hpp"

namespace stipend::ledger {
namespace {

Error cannot(const std::filesystem::path& path, std::string_view what, int code) {
    return fail(STIPEND_E_UNAVAILABLE, "ledger: ", path.string(), ": cannot be ", what, ": ",
                std::generic_category().message(code));
}

// Copies all pages in one read transaction, so that a writer neither waits nor makes the copy start again.
Result<void> copy_pages(sqlite::Database& from, sqlite::Database& to) {
    auto* copy = sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
    if (copy == nullptr) return to.error(sqlite3_errcode(to.handle()));
    const int code = sqlite3_backup_step(copy, -1);
    const int end = sqlite3_backup_finish(copy);
    if (end != SQLITE_OK) return to.error(end);
    if (code != SQLITE_DONE) return to.error(code);
    return {};
}

// What is set for a ledger in use, and not for a copy of it.
Result<void> make_bare(sqlite::Database& copy) {
    STIPEND_LET(journal, copy.prepare("PRAGMA journal_mode = DELETE"));
    STIPEND_LET(answered, journal.next());
    const auto mode = answered ? journal.text() : std::string();
    if (mode != "delete") {
        return fail(STIPEND_E_UNAVAILABLE, "ledger: ", copy.path(), ": got journal mode \"", mode, "\", want delete");
    }
    journal.reset();
    return set_in_use(copy, false);
}

}  // namespace

Result<void> sync_path(const std::filesystem::path& path, int flags) {
    const Fd fd(::open(path.c_str(), flags | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return cannot(path, "synced", errno);
    return {};
}

Result<void> rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
    int code = errno;
    // Some file systems do not know the flag.
    if (code == EINVAL || code == ENOSYS) {
        code = ::access(to.c_str(), F_OK) == 0 ? EEXIST : 0;
        if (code == 0 && ::rename(from.c_str(), to.c_str()) == 0) return {};
        if (code == 0) code = errno;
    }
    if (code == EEXIST) return fail(STIPEND_E_INVALID, "ledger: ", to.string(), ": exists already: name another file");
    return cannot(from, cat("renamed to ", to.string()), code);
}

std::filesystem::path free_name(const std::filesystem::path& path) {
    std::filesystem::path out = path;
    for (int n = 2; ::access(out.c_str(), F_OK) == 0; ++n) out = path.string() + cat("-", n);
    return out;
}

Result<std::string> sha256_of(const std::filesystem::path& file) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return cannot(file, "read", errno);
    try {
        Sha256Hasher hasher;
        std::array<std::uint8_t, 1 << 16> buffer{};
        for (;;) {
            const auto size = ::read(fd.get(), buffer.data(), buffer.size());
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) return cannot(file, "read", errno);
            if (size == 0) return hex_encode(hasher.finish());
            hasher.add(std::span(buffer).first(static_cast<std::size_t>(size)));
        }
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "ledger: ", file.string(), ": no SHA-256: ", error.what());
    }
}

Result<void> give_owner_of(const std::filesystem::path& like, const std::filesystem::path& file) {
    struct stat owner = {};
    if (::geteuid() != 0) return {};
    if (::stat(like.c_str(), &owner) != 0) return cannot(like, "read", errno);
    if (::chown(file.c_str(), owner.st_uid, owner.st_gid) != 0) return cannot(file, "given to its owner", errno);
    return {};
}

std::string time_in_name(stipend_unix_ns at) {
    std::string out;
    for (const char c : utc_text(at)) {
        if (c == '.') break;
        if (c != '-' && c != ':') out += c;
    }
    if (out.back() != 'Z') out += 'Z';
    return out;
}

Result<void> copy_database(sqlite::Database& from, const std::filesystem::path& to) {
    const Fd made(::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (!made) {
        return fail(STIPEND_E_UNAVAILABLE, "ledger: ", to.string(),
                    ": cannot be created: ", std::generic_category().message(errno));
    }
    const auto copy = [&]() -> Result<void> {
        {
            sqlite::Database target;
            STIPEND_TRY(target.open(to.string(), SQLITE_OPEN_READWRITE, 0));
            STIPEND_TRY(copy_pages(from, target));
        }
        sqlite::Database target;
        STIPEND_TRY(target.open(to.string(), SQLITE_OPEN_READWRITE, 0));
        STIPEND_TRY(make_bare(target));
        target.close();
        STIPEND_TRY(give_owner_of(from.path(), to));
        STIPEND_TRY(sync_path(to, O_RDWR));
        return sync_path(std::filesystem::absolute(to).parent_path(), O_RDONLY | O_DIRECTORY);
    };
    auto copied = copy();
    std::error_code none;
    if (!copied) std::filesystem::remove(to, none);
    return copied;
}

stipend_unix_ns present_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace stipend::ledger
