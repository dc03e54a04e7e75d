#include "host/plugin/stage.hpp"

#include <botan/hash.h>
#include <botan/hex.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "host/base/file.hpp"

namespace stipend::plugin {
namespace fs = std::filesystem;
namespace {

Result<void> check_writers(const fs::path& path, const struct stat& info, std::string_view what) {
    const bool sticky = (info.st_mode & S_ISVTX) != 0;
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (S_ISDIR(info.st_mode) && sticky)) return {};
    return fail(STIPEND_E_INVALID, "unsafe ", what, ": ", path.native(), ": got mode ",
                fmt::format("{:04o}", info.st_mode & 07777U), ", want it writable by its owner only (chmod go-w)");
}

Result<void> check_exec(const fs::path& folder) {
    struct statvfs info {};
    if (::statvfs(folder.c_str(), &info) == 0 && (info.f_flag & ST_NOEXEC) != 0) {
        return fail(
            STIPEND_E_UNAVAILABLE, "cannot stage plugins: ", folder.native(),
            ": got a filesystem mounted noexec, want one that may hold code: set `state:` to another folder, or "
            "mount it exec");
    }
    return {};
}

}  // namespace

Result<Staged> stage(const fs::path& source, const fs::path& folder, std::string_view pin) {
    struct stat info {};
    const fs::path parent = source.has_parent_path() ? source.parent_path() : fs::path(".");
    if (::stat(parent.c_str(), &info) == 0) STIPEND_TRY(check_writers(parent, info, "plugin folder"));
    const Fd fd(::open(source.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::fstat(fd.get(), &info) != 0) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot read plugin: ", source.native(), ": ", std::strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) return fail(STIPEND_E_INVALID, "cannot read plugin: ", source.native(), ": not a file");
    STIPEND_TRY(check_writers(source, info, "plugin file"));
    auto bytes = read_all(fd.get(), max_library_bytes);
    if (!bytes) return std::move(bytes).error().in(cat("cannot read plugin: ", source.native()));

    const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
    hash->update(reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size());
    Staged out{.source = source, .copy = {}, .sha256 = Botan::hex_encode(hash->final(), false)};
    if (!pin.empty() && pin != out.sha256) {
        return fail(STIPEND_E_CONFLICT, "wrong plugin bytes: ", source.native(), ": got sha256 ", out.sha256, ", want ",
                    pin);
    }
    out.copy = folder / source.stem() / (out.sha256 + ".so");
    std::error_code ec;
    fs::create_directories(out.copy.parent_path(), ec);
    if (ec) return fail(STIPEND_E_UNAVAILABLE, "cannot stage plugins: ", folder.native(), ": ", ec.message());
    STIPEND_TRY(check_exec(out.copy.parent_path()));
    if (fs::file_size(out.copy, ec) == bytes->size() && !ec) return out;
    STIPEND_TRY(write_file_atomically(out.copy, *bytes, 0500));
    return out;
}

Result<void> check_staging(const fs::path& folder) {
    std::error_code ec;
    auto there = fs::absolute(folder, ec);
    while (!ec && !fs::exists(there, ec) && there.has_relative_path()) there = there.parent_path();
    return check_exec(there);
}

}  // namespace stipend::plugin
