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

namespace {

Error cannot_write(const std::filesystem::path& path) {
    return fail(STIPEND_E_UNAVAILABLE, "cannot write ", path.native(), ": ", std::strerror(errno));
}

// A new file beside another, which is removed where it does not get that one's name.
class BesideFile {
  public:
    explicit BesideFile(const std::filesystem::path& path) : path_(path), name_(path.native() + ".XXXXXX") {
        fd_ = Fd(::mkostemp(name_.data(), O_CLOEXEC));
    }
    BesideFile(const BesideFile&) = delete;
    BesideFile& operator=(const BesideFile&) = delete;
    ~BesideFile() {
        if (fd_ && !renamed_) ::unlink(name_.c_str());
    }

    Result<void> write(std::string_view bytes, mode_t mode) const {
        if (!fd_) return cannot_write(path_);
        for (std::string_view rest = bytes; !rest.empty();) {
            const auto put = ::write(fd_.get(), rest.data(), rest.size());
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return cannot_write(path_);
            rest.remove_prefix(static_cast<std::size_t>(put));
        }
        if (::fchmod(fd_.get(), mode) != 0 || ::fsync(fd_.get()) != 0) return cannot_write(path_);
        return {};
    }
    Result<void> give_to_owner_of(const std::filesystem::path& like) const {
        struct stat owner {};
        if (::geteuid() != 0 || ::stat(like.c_str(), &owner) != 0) return {};
        if (::fchown(fd_.get(), owner.st_uid, owner.st_gid) == 0) return {};
        return cannot_write(path_);
    }
    // In place of a file of that name.
    Result<void> replace() {
        if (::rename(name_.c_str(), path_.c_str()) != 0) return cannot_write(path_);
        renamed_ = true;
        return sync_folder();
    }
    // False where there is a file of that name.
    Result<bool> add() const {
        if (::link(name_.c_str(), path_.c_str()) == 0) {
            STIPEND_TRY(sync_folder());
            return true;
        }
        if (errno == EEXIST) return false;
        return cannot_write(path_);
    }

  private:
    Result<void> sync_folder() const {
        const auto folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
        const Fd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!opened || ::fsync(opened.get()) != 0) return cannot_write(path_);
        return {};
    }

    const std::filesystem::path& path_;
    std::string name_;
    Fd fd_;
    bool renamed_ = false;
};

}  // namespace

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
    BesideFile file(path);
    STIPEND_TRY(file.write(bytes, mode));
    return file.replace();
}

Result<bool> make_private_file(const std::filesystem::path& path, std::string_view bytes,
                               const std::filesystem::path& like) {
    const BesideFile file(path);
    STIPEND_TRY(file.write(bytes, 0600));
    STIPEND_TRY(file.give_to_owner_of(like));
    return file.add();
}

}  // namespace stipend
