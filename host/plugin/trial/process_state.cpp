#include "host/plugin/trial/process_state.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>  // NOLINT(modernize-deprecated-headers): uselocale
#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cfenv>
#include <cstdio>
#include <cstring>

#include "stipend/result.hpp"

namespace stipend::plugin {
namespace {

bool is_crash(int number) {
    return number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL || number == SIGABRT ||
           number == SIGTRAP || number == SIGSYS;
}
// Runtimes of languages take these for themselves, and no host uses them.
bool is_of_runtimes(int number) {
    return number == SIGURG || number == SIGPROF || number == SIGVTALRM || number == SIGWINCH;
}
std::string signal_name(int number) {
    return cat("SIG", ::sigabbrev_np(number));
}

}  // namespace

void ProcessState::plant() {
    const int file = static_cast<int>(::memfd_create("stipend-probe", MFD_CLOEXEC));
    for (int fd = 3; fd < descriptors && file >= 0; ++fd) {
        if (fd != file && ::fcntl(fd, F_GETFD) < 0) ::dup3(file, fd, O_CLOEXEC);
    }
}

ProcessState ProcessState::now() {
    ProcessState out;
    out.locale_ = ::setlocale(LC_ALL, nullptr);
    out.own_locale_ = ::uselocale(nullptr) != LC_GLOBAL_LOCALE;
    out.rounding_ = std::fegetround();
    out.traps_ = ::fegetexcept();
    struct stat info {};
    if (::stat(".", &info) == 0) out.folder_ = {info.st_dev, info.st_ino};
    out.umask_ = ::umask(0);
    ::umask(out.umask_);
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int number = 1; number < signals; ++number) {
        const auto at = static_cast<std::size_t>(number);
        struct sigaction action {};
        if (::sigaction(number, nullptr, &action) == 0) {
            std::memcpy(&out.actions_[at].handler, &action.sa_sigaction, sizeof(void*));
            out.actions_[at].flags = action.sa_flags;
        }
        out.blocked_[at] = ::sigismember(&mask, number) == 1;
    }
    for (int fd = 0; fd < descriptors; ++fd) {
        if (::fstat(fd, &info) == 0) out.files_[static_cast<std::size_t>(fd)] = File{info.st_dev, info.st_ino};
    }
    return out;
}

std::optional<std::string> ProcessState::change_since(const ProcessState& before) const {
    for (std::size_t fd = 0; fd < files_.size(); ++fd) {
        if (!before.files_[fd]) continue;
        if (!files_[fd]) return cat("descriptor ", fd, " closed");
        if (*files_[fd] != *before.files_[fd]) return cat("another file at descriptor ", fd);
    }
    for (int number = 1; number < signals; ++number) {
        const auto at = static_cast<std::size_t>(number);
        if (blocked_[at] != before.blocked_[at]) {
            return cat(signal_name(number), blocked_[at] ? " blocked" : " unblocked");
        }
        if (actions_[at] == before.actions_[at] || is_crash(number) || is_of_runtimes(number)) continue;
        return cat("another action for ", signal_name(number));
    }
    if (folder_ != before.folder_) return "another working directory";
    if (umask_ != before.umask_) {
        char text[32];
        std::snprintf(text, sizeof text, "umask %04o", static_cast<unsigned>(umask_));
        return text;
    }
    if (locale_ != before.locale_) return cat("locale \"", locale_, "\"");
    if (own_locale_ != before.own_locale_) return "a locale of the thread's own";
    if (rounding_ != before.rounding_) return "another rounding mode";
    if (traps_ != before.traps_) return "other floating-point traps";
    return std::nullopt;
}

std::string ProcessState::crash_signals_since(const ProcessState& before) const {
    std::string out;
    for (int number = 1; number < signals; ++number) {
        const auto at = static_cast<std::size_t>(number);
        if (!is_crash(number) || actions_[at] == before.actions_[at]) continue;
        out += cat(out.empty() ? "" : ", ", signal_name(number));
    }
    return out;
}

int count_entries(const char* folder) {
    DIR* entries = ::opendir(cat("/proc/self/", folder).c_str());
    if (entries == nullptr) return -1;
    int count = 0;
    while (const auto* entry = ::readdir(entries)) {
        if (entry->d_name[0] != '.') ++count;
    }
    ::closedir(entries);
    return count;
}

std::optional<std::size_t> allocated_bytes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return std::nullopt;
#else
    const auto heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
#endif
}

std::size_t resident_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    unsigned long size = 0, resident = 0, shared = 0;
    const int read = std::fscanf(file, "%lu %lu %lu", &size, &resident, &shared);
    std::fclose(file);
    return read == 3 ? (resident - shared) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

}  // namespace stipend::plugin
