#include "host/ledger/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace stipend::ledger {
namespace {

std::string first_line(int fd) {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
    const std::string all(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    return all.substr(0, all.find('\n'));
}

}  // namespace

Result<LockFile> LockFile::take(const std::filesystem::path& path) {
    const auto refused = [&](int code) {
        return fail(STIPEND_E_CONFIG, "ledger: ", path.string(),
                    ": cannot be locked: ", std::generic_category().message(code));
    };
    LockFile lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (lock.fd_ < 0) return refused(errno);
    // flock belongs to the open file description, so a second lock within this process fails too.
    if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return refused(errno);
        return fail(STIPEND_E_BUSY, "ledger: ", path.string(), ": another process writes to this ledger: pid ",
                    first_line(lock.fd_), ": stop it first, or open the ledger for reading");
    }
    const std::string pid = cat(::getpid(), "\n");
    if (::ftruncate(lock.fd_, 0) != 0) return refused(errno);
    if (::pwrite(lock.fd_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) return refused(errno);
    return lock;
}

LockFile::~LockFile() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace stipend::ledger
