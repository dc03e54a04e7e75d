#include "host/base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace stipend {

Result<Fd> open_private_file(const std::filesystem::path& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd && errno == ENOENT) return Fd();
    struct stat info {};
    if (!fd || ::fstat(fd.get(), &info) != 0) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot read ", path.native(), ": ", std::strerror(errno));
    }
    if (!S_ISREG(info.st_mode) || (info.st_mode & 077) != 0) {
        return fail(STIPEND_E_CONFIG, path.native(), ": want a regular file that only its owner may read (mode 0600)");
    }
    return fd;
}

Result<std::string> read_all(int fd, std::uintmax_t most) {
    std::string out;
    struct stat info {};
    if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) out.reserve(static_cast<std::size_t>(info.st_size));
    char buffer[64 * 1024];
    while (true) {
        const auto got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(STIPEND_E_UNAVAILABLE, std::strerror(errno));
        if (got == 0) return out;
        if (out.size() + static_cast<std::size_t>(got) > most) {
            return fail(STIPEND_E_LIMIT, "too large: got more than ", most, " bytes");
        }
        out.append(buffer, static_cast<std::size_t>(got));
    }
}

Result<std::string> read_file(const std::filesystem::path& path, std::uintmax_t most) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail(STIPEND_E_UNAVAILABLE, "cannot read ", path.native(), ": ", std::strerror(errno));
    auto bytes = read_all(fd.get(), most);
    if (!bytes) return std::move(bytes).error().in(cat("cannot read ", path.native()));
    return bytes;
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
    const auto failed = [&] {
        return fail(STIPEND_E_UNAVAILABLE, "cannot write ", path.native(), ": ", std::strerror(errno));
    };
    std::string beside = path.native() + ".XXXXXX";
    const Fd fd(::mkostemp(beside.data(), O_CLOEXEC));
    if (!fd) return failed();
    const auto discard = [&] {
        auto error = failed();
        ::unlink(beside.c_str());
        return error;
    };
    for (std::string_view rest = bytes; !rest.empty();) {
        const auto put = ::write(fd.get(), rest.data(), rest.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return discard();
        rest.remove_prefix(static_cast<std::size_t>(put));
    }
    if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0) return discard();
    if (::rename(beside.c_str(), path.c_str()) != 0) return discard();
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const Fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0) return failed();
    return {};
}

}  // namespace stipend
