#include "host/base/private_database.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "host/base/file.hpp"

namespace stipend::sqlite {
namespace {

constexpr std::int64_t busy_ms = 5'000;

// Made with its mode before SQLite opens it, so that it is never open to others.
Result<void> make_file(const std::filesystem::path& file, const char* name) {
    const Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) {
        return fail(STIPEND_E_CONFIG, name, ": ", file.native(), ": ", std::strerror(errno));
    }
    if (!S_ISREG(info.st_mode) || (info.st_mode & 077) != 0) {
        return fail(STIPEND_E_CONFIG, name, ": ", file.native(), ": want a regular file that only its owner may read");
    }
    return {};
}

}  // namespace

Result<void> open_private(Database& database, const std::filesystem::path& file, const PrivateTables& tables) {
    STIPEND_TRY(make_file(file, tables.name));
    STIPEND_TRY(database.open(file.native(), SQLITE_OPEN_READWRITE, busy_ms, tables.name));
    STIPEND_TRY(
        database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                     "PRAGMA trusted_schema = OFF"));
    return write(database, [&]() -> Result<void> {
        STIPEND_LET(found, database.number("PRAGMA user_version"));
        if (found == tables.version) return {};
        if (found != 0) {
            return fail(STIPEND_E_CONFIG, tables.name, ": ", database.path(), ": got version ", found,
                        " of its tables, want ", tables.version, ": a newer stipend made it");
        }
        return database.run(tables.sql);
    });
}

}  // namespace stipend::sqlite
