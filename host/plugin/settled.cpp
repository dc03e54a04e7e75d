#include "host/plugin/settled.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "host/base/file.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "host/plugin/stage.hpp"
#include "stipend/hex.hpp"

namespace stipend::plugin {
namespace {

constexpr std::chrono::milliseconds look_every(50);

std::int64_t ns_of(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * ns_per_s + time.tv_nsec;
}

// A read lease is granted only where no process has the file open for writing. Not known for a file of another user,
// and on file systems without leases.
enum class Writer : std::uint8_t { none, some, unknown };
Writer writer_of(int fd) {
    if (::fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
        ::fcntl(fd, F_SETLEASE, F_UNLCK);
        return Writer::none;
    }
    return errno == EAGAIN ? Writer::some : Writer::unknown;
}

Result<std::string> hash_of(int fd) {
    Sha256Hasher hasher;
    std::array<std::uint8_t, 64 * 1024> buffer{};
    std::uintmax_t all = 0;
    for (off_t at = 0;;) {
        const auto got = ::pread(fd, buffer.data(), buffer.size(), at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(STIPEND_E_UNAVAILABLE, std::strerror(errno));
        if (got == 0) break;
        all += static_cast<std::uintmax_t>(got);
        if (all > max_library_bytes) return fail(STIPEND_E_LIMIT, "got more than ", max_library_bytes, " bytes");
        hasher.add(std::span(buffer).first(static_cast<std::size_t>(got)));
        at += got;
    }
    return hex_encode(hasher.finish());
}

// One look.
struct Look {
    FileStamp mark;
    std::string hash;
    bool whole = false;   // no writer had it open, and what the file was before and after is the same
    bool surely = false;  // it is known that there is no writer
};
Result<Look> look_at(const std::filesystem::path& file) {
    const auto before = stamp_of(file);
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!before || !fd) return Look{.whole = true};
    const auto writer = writer_of(fd.get());
    if (writer == Writer::some) return Look{};
    auto hash = hash_of(fd.get());
    if (!hash) return std::move(hash).error().in(cat("cannot read plugin: ", file.native()));
    if (writer_of(fd.get()) == Writer::some || stamp_of(file) != before) return Look{};
    return Look{*before, std::move(*hash), true, writer == Writer::none};
}

}  // namespace

std::optional<FileStamp> stamp_of(const std::filesystem::path& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return std::nullopt;
    return FileStamp{.device = info.st_dev,
                     .inode = info.st_ino,
                     .size = static_cast<std::uint64_t>(info.st_size),
                     .modified_ns = ns_of(info.st_mtim),
                     .changed_ns = ns_of(info.st_ctim)};
}

Result<std::string> await_settled(const std::filesystem::path& file, std::int64_t quiet_ns, std::int64_t patience_ns) {
    using Clock = std::chrono::steady_clock;
    const auto begun = Clock::now();
    Look first;  // whole: the first that saw the present contents
    auto first_at = begun;
    while (true) {
        struct stat info {};
        if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::string();  // not to be opened
        STIPEND_LET(look, look_at(file));
        const std::chrono::nanoseconds quiet(look.whole && !look.surely ? 3 * quiet_ns : quiet_ns);
        const auto now = Clock::now();
        if (look.whole) {
            timespec wall{};
            ::clock_gettime(CLOCK_REALTIME, &wall);
            // Not by a date in the future, which says nothing.
            const auto age_ns = ns_of(wall) - look.mark.changed_ns;
            if (look.hash.empty() || (!first.whole && age_ns >= quiet.count())) return look.hash;
            if (!first.whole || first.mark != look.mark || first.hash != look.hash) {
                first = std::move(look);
                first_at = now;
            } else if (now - first_at >= quiet) {
                return look.hash;
            }
        } else {
            first = {};
        }
        if (now - begun >= std::chrono::nanoseconds(patience_ns)) {
            return fail(STIPEND_E_BUSY, "plugin file is not finished: ", file.native(),
                        ": it is still being written; it is taken once it is the same for ", quiet_ns / ns_per_ms,
                        " ms");
        }
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(look_every, quiet / 2));
    }
}

}  // namespace stipend::plugin
