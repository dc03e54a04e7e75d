#include "tools/signer/sandbox.hpp"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <memory>

// The sanitizers' runtimes map more than can be locked, and make system calls of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STIPEND_SIGNER_OPEN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STIPEND_SIGNER_OPEN 1
#endif
#endif

namespace stipend::signer {
namespace {

// SQLite on the files that are open, the socket's connections, memory, clocks, and the end.
constexpr int allowed_calls[] = {SCMP_SYS(read),          SCMP_SYS(write),        SCMP_SYS(pread64),
                                 SCMP_SYS(pwrite64),      SCMP_SYS(lseek),        SCMP_SYS(fsync),
                                 SCMP_SYS(fdatasync),     SCMP_SYS(ftruncate),    SCMP_SYS(fcntl),
                                 SCMP_SYS(fstat),         SCMP_SYS(newfstatat),   SCMP_SYS(stat),
                                 SCMP_SYS(lstat),         SCMP_SYS(access),       SCMP_SYS(faccessat),
                                 SCMP_SYS(unlink),        SCMP_SYS(close),        SCMP_SYS(poll),
                                 SCMP_SYS(ppoll),         SCMP_SYS(accept4),      SCMP_SYS(recvfrom),
                                 SCMP_SYS(sendto),        SCMP_SYS(getsockopt),   SCMP_SYS(setsockopt),
                                 SCMP_SYS(brk),           SCMP_SYS(munmap),       SCMP_SYS(mremap),
                                 SCMP_SYS(madvise),       SCMP_SYS(munlock),      SCMP_SYS(futex),
                                 SCMP_SYS(getrandom),     SCMP_SYS(getpid),       SCMP_SYS(gettid),
                                 SCMP_SYS(geteuid),       SCMP_SYS(tgkill),       SCMP_SYS(rt_sigprocmask),
                                 SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
                                 SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep),
                                 SCMP_SYS(exit),          SCMP_SYS(exit_group)};

Error os_error(std::string_view what, int code) {
    return fail(STIPEND_E_CONFIG, what, ": ", std::strerror(code));
}

struct FreeFilter {
    void operator()(void* filter) const { seccomp_release(filter); }
};

}  // namespace

Result<void> hide_memory() {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0) return os_error("core dumps are not turned off", errno);
    if (::prctl(PR_SET_DUMPABLE, 0) != 0) return os_error("the memory is not hidden", errno);
    return {};
}

Result<void> lock_memory() {
#ifdef STIPEND_SIGNER_OPEN
    return {};
#else
    if (::mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return {};
    return os_error("memory is not locked: want a limit of 64 MiB or more (LimitMEMLOCK= of the unit, ulimit -l)",
                    errno);
#endif
}

Result<void> restrict_system_calls() {
#ifdef STIPEND_SIGNER_OPEN
    return {};
#else
    const std::unique_ptr<void, FreeFilter> filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
    if (!filter) return os_error("no filter of system calls", ENOMEM);
    int code = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_NNP, 1);
    for (const int call : allowed_calls) {
        if (code == 0) code = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
    }
    // Memory that is written is never run.
    const auto not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
        if (code == 0) code = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1, not_executable);
    }
    if (code == 0) code = seccomp_load(filter.get());
    if (code != 0) return os_error("system calls are not restricted", -code);
    return {};
#endif
}

}  // namespace stipend::signer
