#include "host/ledger/lock_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

namespace stipend::ledger {
namespace {

std::string first_line(int fd) {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
    const std::string all(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return all.substr(0, all.find('\n'));
}

// The locks of this process. A forked child inherits the list, and not the locks.
struct Own {
    dev_t device;
    ino_t inode;
    pid_t process;
};
std::mutex own_mutex;
std::vector<Own> own_locks;  // guarded by own_mutex

bool is_own(const struct stat& file) {
    return std::any_of(own_locks.begin(), own_locks.end(), [&](const Own& own) {
        return own.device == file.st_dev && own.inode == file.st_ino && own.process == ::getpid();
    });
}

}  // namespace

Result<LockFile> LockFile::take(const std::filesystem::path& path) {
    const auto refused = [&](int code) {
        return fail(STIPEND_E_CONFIG, "ledger: ", path.string(),
                    ": cannot be locked: ", std::generic_category().message(code));
    };
    const auto busy = [&](std::string_view pid) {
        return fail(STIPEND_E_BUSY, "ledger: ", path.string(), ": another process writes to this ledger: pid ", pid,
                    ": stop it first, or open the ledger for reading");
    };
    const std::lock_guard guard(own_mutex);
    // A lock of fcntl keeps out other processes only, and closing any descriptor of the file would give it up.
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && is_own(info)) return busy(cat(::getpid()));
    LockFile lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (lock.fd_ < 0 || ::fstat(lock.fd_, &info) != 0) return refused(errno);
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(lock.fd_, F_SETLK, &whole) != 0) {
        if (errno != EAGAIN && errno != EACCES) return refused(errno);
        // The kernel names the process; of one in another container it knows no number here.
        const bool is_named = ::fcntl(lock.fd_, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK && whole.l_pid > 0;
        return busy(is_named ? cat(whole.l_pid) : first_line(lock.fd_));
    }
    const std::string pid = cat(::getpid(), "\n");
    if (::ftruncate(lock.fd_, 0) != 0) return refused(errno);
    if (::pwrite(lock.fd_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) return refused(errno);
    own_locks.push_back({info.st_dev, info.st_ino, ::getpid()});
    lock.is_held_ = true;
    return lock;
}

LockFile::~LockFile() {
    if (fd_ < 0) return;
    if (is_held_) {
        const std::lock_guard guard(own_mutex);
        struct stat info {};
        if (::fstat(fd_, &info) == 0) {
            std::erase_if(own_locks,
                          [&](const Own& own) { return own.device == info.st_dev && own.inode == info.st_ino; });
        }
        ::close(fd_);
        return;
    }
    ::close(fd_);
}

}  // namespace stipend::ledger
