#include "host/plugin/isolated/sandbox.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): siginfo_t
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "host/base/file.hpp"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STIPEND_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STIPEND_SANITIZED 1
#endif
#endif
#ifndef STIPEND_SANITIZED
#define STIPEND_SANITIZED 0
#endif

namespace stipend::plugin::isolated {
namespace {

// The sanitizers' runtimes map more than a plugin may have, and make system calls of their own.
constexpr bool sanitized = STIPEND_SANITIZED != 0;

constexpr rlim_t max_descriptors = 256;

#define CALL(name) SCMP_SYS(name)
// Memory, threads, clocks, signals within the process, files that are open or opened for reading, and the sockets that
// are there.
constexpr int allowed_calls[] = {CALL(read),
                                 CALL(write),
                                 CALL(readv),
                                 CALL(writev),
                                 CALL(pread64),
                                 CALL(pwrite64),
                                 CALL(preadv),
                                 CALL(pwritev),
                                 CALL(preadv2),
                                 CALL(pwritev2),
                                 CALL(lseek),
                                 CALL(close),
                                 CALL(close_range),
                                 CALL(fstat),
                                 CALL(stat),
                                 CALL(lstat),
                                 CALL(newfstatat),
                                 CALL(statx),
                                 CALL(access),
                                 CALL(faccessat),
                                 CALL(faccessat2),
                                 CALL(readlink),
                                 CALL(readlinkat),
                                 CALL(getdents),
                                 CALL(getdents64),
                                 CALL(getcwd),
                                 CALL(statfs),
                                 CALL(fstatfs),
                                 CALL(dup),
                                 CALL(dup2),
                                 CALL(dup3),
                                 CALL(pipe),
                                 CALL(pipe2),
                                 CALL(poll),
                                 CALL(ppoll),
                                 CALL(select),
                                 CALL(pselect6),
                                 CALL(epoll_create),
                                 CALL(epoll_create1),
                                 CALL(epoll_ctl),
                                 CALL(epoll_wait),
                                 CALL(epoll_pwait),
                                 CALL(epoll_pwait2),
                                 CALL(eventfd),
                                 CALL(eventfd2),
                                 CALL(timerfd_create),
                                 CALL(timerfd_settime),
                                 CALL(timerfd_gettime),
                                 CALL(signalfd),
                                 CALL(signalfd4),
                                 CALL(flock),
                                 CALL(fadvise64),
                                 CALL(readahead),
                                 CALL(sendto),
                                 CALL(recvfrom),
                                 CALL(sendmsg),
                                 CALL(recvmsg),
                                 CALL(shutdown),
                                 CALL(getsockopt),
                                 CALL(setsockopt),
                                 CALL(getsockname),
                                 CALL(getpeername),
                                 CALL(socketpair),
                                 CALL(brk),
                                 CALL(munmap),
                                 CALL(mremap),
                                 CALL(madvise),
                                 CALL(mincore),
                                 CALL(msync),
                                 CALL(mlock),
                                 CALL(munlock),
                                 CALL(membarrier),
                                 CALL(futex),
                                 CALL(set_robust_list),
                                 CALL(get_robust_list),
                                 CALL(rseq),
                                 CALL(sched_yield),
                                 CALL(sched_getaffinity),
                                 CALL(sched_getparam),
                                 CALL(sched_getscheduler),
                                 CALL(getpid),
                                 CALL(gettid),
                                 CALL(getppid),
                                 CALL(getuid),
                                 CALL(geteuid),
                                 CALL(getgid),
                                 CALL(getegid),
                                 CALL(getresuid),
                                 CALL(getresgid),
                                 CALL(getgroups),
                                 CALL(getpgrp),
                                 CALL(getpgid),
                                 CALL(getsid),
                                 CALL(set_tid_address),
                                 CALL(exit),
                                 CALL(exit_group),
                                 CALL(restart_syscall),
                                 CALL(wait4),
                                 CALL(waitid),
                                 CALL(rt_sigprocmask),
                                 CALL(rt_sigreturn),
                                 CALL(rt_sigpending),
                                 CALL(rt_sigsuspend),
                                 CALL(rt_sigtimedwait),
                                 CALL(sigaltstack),
                                 CALL(setitimer),
                                 CALL(getitimer),
                                 CALL(alarm),
                                 CALL(pause),
                                 CALL(timer_create),
                                 CALL(timer_settime),
                                 CALL(timer_gettime),
                                 CALL(timer_getoverrun),
                                 CALL(timer_delete),
                                 CALL(clock_gettime),
                                 CALL(clock_getres),
                                 CALL(clock_nanosleep),
                                 CALL(nanosleep),
                                 CALL(gettimeofday),
                                 CALL(time),
                                 CALL(times),
                                 CALL(getrusage),
                                 CALL(uname),
                                 CALL(sysinfo),
                                 CALL(getrandom),
                                 CALL(getcpu),
                                 CALL(getrlimit),
                                 CALL(getpriority),
                                 CALL(capget),
                                 CALL(arch_prctl)};

struct NamedCall {
    int number;
    const char* name;
};
#define NAMED(name) \
    { SCMP_SYS(name), #name }
// What no library tries by itself. The first ones are ended only with the arguments that `refuse_some` names.
constexpr NamedCall ended_calls[] = {
    NAMED(open), NAMED(openat), NAMED(socket), NAMED(clone), NAMED(kill), NAMED(tgkill), NAMED(fcntl),
    // Files.
    NAMED(creat), NAMED(unlink), NAMED(unlinkat), NAMED(rename), NAMED(renameat), NAMED(renameat2), NAMED(mkdir),
    NAMED(mkdirat), NAMED(rmdir), NAMED(link), NAMED(linkat), NAMED(symlink), NAMED(symlinkat), NAMED(mknod),
    NAMED(mknodat), NAMED(chmod), NAMED(fchmod), NAMED(fchmodat), NAMED(chown), NAMED(fchown), NAMED(lchown),
    NAMED(fchownat), NAMED(truncate), NAMED(ftruncate), NAMED(utimensat), NAMED(setxattr), NAMED(fsetxattr),
    // The network.
    NAMED(connect), NAMED(bind), NAMED(listen), NAMED(accept), NAMED(accept4),
    // Processes.
    NAMED(fork), NAMED(vfork), NAMED(execve), NAMED(execveat), NAMED(ptrace), NAMED(process_vm_readv),
    NAMED(process_vm_writev), NAMED(pidfd_open), NAMED(pidfd_getfd), NAMED(pidfd_send_signal), NAMED(tkill),
    NAMED(rt_sigqueueinfo), NAMED(rt_tgsigqueueinfo), NAMED(setpgid), NAMED(setsid),
    // The system.
    NAMED(mount), NAMED(umount2), NAMED(pivot_root), NAMED(chroot), NAMED(unshare), NAMED(setns), NAMED(bpf),
    NAMED(keyctl), NAMED(add_key), NAMED(request_key), NAMED(perf_event_open), NAMED(userfaultfd), NAMED(init_module),
    NAMED(finit_module), NAMED(kexec_load), NAMED(reboot), NAMED(setuid), NAMED(setgid), NAMED(setresuid),
    NAMED(setresgid), NAMED(capset), NAMED(io_uring_setup), NAMED(shmget)};
constexpr std::size_t ended_by_arguments = 7;

void (*ends_by)(const char*) = nullptr;

// Runs where the filter ended a call: safe in a signal handler.
void name_the_call(int, siginfo_t* info, void*) {
    for (const auto& one : ended_calls) {
        if (one.number != info->si_syscall) continue;
        ends_by(one.name);
        break;
    }
    ::_exit(128 + SIGSYS);
}

Error os_error(std::string_view what, int code) {
    return fail(STIPEND_E_UNAVAILABLE, "the sandbox of the plugin's process: ", what, ": ", std::strerror(code));
}

Result<void> limit(__rlimit_resource resource, rlim_t most, std::string_view what) {
    const rlimit bound{.rlim_cur = most, .rlim_max = most};
    if (::setrlimit(resource, &bound) != 0) return os_error(what, errno);
    return {};
}

// A filter of system calls. Rules are added until one fails.
class Filter {
  public:
    Filter() : filter_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS))) {
        if (!filter_) code_ = -ENOMEM;
        // The handler of its signal is this process's alone.
        if (code_ == 0) code_ = seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_NNP, 1);
    }
    template <class... Compare>
    void add(std::uint32_t action, int call, Compare... compare) {
        if (code_ == 0) code_ = seccomp_rule_add(filter_.get(), action, call, sizeof...(compare), compare...);
    }
    [[nodiscard]] int load() { return code_ == 0 ? seccomp_load(filter_.get()) : code_; }

  private:
    struct Free {
        void operator()(void* filter) const { seccomp_release(filter); }
    };
    std::unique_ptr<void, Free> filter_;
    int code_ = 0;
};

// The kernel looks at the lower half of these arguments.
constexpr scmp_datum_t whole_int = 0xffffffff;

void allow_some(Filter& filter) {
    const auto own = static_cast<scmp_datum_t>(::getpid());
    constexpr scmp_datum_t access = O_ACCMODE | O_CREAT | (O_TMPFILE & ~O_DIRECTORY) | O_TRUNC;
    filter.add(SCMP_ACT_ALLOW, CALL(open), SCMP_A1(SCMP_CMP_MASKED_EQ, access, O_RDONLY));
    filter.add(SCMP_ACT_ALLOW, CALL(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, access, O_RDONLY));
    // As for the databases of names, which libraries ask by a socket and do without.
    filter.add(SCMP_ACT_ERRNO(EACCES), CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    filter.add(SCMP_ACT_ERRNO(EACCES), CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));
    filter.add(SCMP_ACT_ALLOW, CALL(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    filter.add(SCMP_ACT_ALLOW, CALL(kill), SCMP_A0(SCMP_CMP_EQ, own));
    filter.add(SCMP_ACT_ALLOW, CALL(tgkill), SCMP_A0(SCMP_CMP_EQ, own));
    for (const int command :
         {F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_DUPFD_CLOEXEC, F_GETPIPE_SZ})
        filter.add(SCMP_ACT_ALLOW, CALL(fcntl),
                   SCMP_A1(SCMP_CMP_MASKED_EQ, whole_int, static_cast<scmp_datum_t>(command)));
    filter.add(SCMP_ACT_ERRNO(ENOTTY), CALL(ioctl));
    filter.add(SCMP_ACT_ERRNO(EPERM), CALL(rt_sigaction), SCMP_A0(SCMP_CMP_EQ, SIGSYS));
    filter.add(SCMP_ACT_ALLOW, CALL(rt_sigaction), SCMP_A0(SCMP_CMP_NE, SIGSYS));
    filter.add(SCMP_ACT_ALLOW, CALL(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0));
    for (const scmp_datum_t option : {scmp_datum_t{PR_SET_NAME}, scmp_datum_t{PR_GET_NAME}, scmp_datum_t{PR_SET_VMA}})
        filter.add(SCMP_ACT_ALLOW, CALL(prctl), SCMP_A0(SCMP_CMP_EQ, option));
    // Code is mapped from files, never written and then run.
    filter.add(SCMP_ACT_ALLOW, CALL(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    filter.add(SCMP_ACT_ALLOW, CALL(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    filter.add(SCMP_ACT_ALLOW, CALL(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_EXEC),
               SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0));
}

// The same calls with any other arguments.
void end_others(Filter& filter) {
    constexpr scmp_datum_t created = O_CREAT | (O_TMPFILE & ~O_DIRECTORY) | O_TRUNC;
    const auto own = static_cast<scmp_datum_t>(::getpid());
    // As for the system's source of random numbers, which libraries open for writing first.
    for (const scmp_datum_t writing : {scmp_datum_t{O_WRONLY}, scmp_datum_t{O_RDWR}, scmp_datum_t{O_ACCMODE}}) {
        const auto mask = O_ACCMODE | created;
        filter.add(SCMP_ACT_ERRNO(EACCES), CALL(open), SCMP_A1(SCMP_CMP_MASKED_EQ, mask, writing));
        filter.add(SCMP_ACT_ERRNO(EACCES), CALL(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, mask, writing));
    }
    for (scmp_datum_t bit = 1; bit <= created; bit <<= 1U) {
        if ((bit & created) == 0) continue;
        filter.add(SCMP_ACT_TRAP, CALL(open), SCMP_A1(SCMP_CMP_MASKED_EQ, bit, bit));
        filter.add(SCMP_ACT_TRAP, CALL(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, bit, bit));
    }
    filter.add(SCMP_ACT_TRAP, CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET));
    filter.add(SCMP_ACT_TRAP, CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_INET6));
    filter.add(SCMP_ACT_TRAP, CALL(socket), SCMP_A0(SCMP_CMP_EQ, AF_PACKET));
    filter.add(SCMP_ACT_TRAP, CALL(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    filter.add(SCMP_ACT_TRAP, CALL(kill), SCMP_A0(SCMP_CMP_NE, own));
    filter.add(SCMP_ACT_TRAP, CALL(tgkill), SCMP_A0(SCMP_CMP_NE, own));
    // By these the kernel would send any signal to another process, the host, once a descriptor is ready.
    for (const int command : {F_SETOWN, F_SETSIG, F_SETOWN_EX})
        filter.add(SCMP_ACT_TRAP, CALL(fcntl),
                   SCMP_A1(SCMP_CMP_MASKED_EQ, whole_int, static_cast<scmp_datum_t>(command)));
}

Result<void> restrict_system_calls(void (*names)(const char*)) {
    if (sanitized) return {};
    ends_by = names;
    struct sigaction action {};
    action.sa_sigaction = &name_the_call;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    if (::sigaction(SIGSYS, &action, nullptr) != 0) return os_error("no handler of its signal", errno);
    Filter filter;
    for (const int call : allowed_calls) filter.add(SCMP_ACT_ALLOW, call);
    allow_some(filter);
    end_others(filter);
    for (std::size_t at = ended_by_arguments; at < std::size(ended_calls); ++at)
        filter.add(SCMP_ACT_TRAP, ended_calls[at].number);
    if (const int code = filter.load(); code != 0) return os_error("system calls are not restricted", -code);
    return {};
}

// What the loader, TLS, time zones and runtimes read.
constexpr const char* readable[] = {"/usr",
                                    "/lib",
                                    "/lib64",
                                    "/etc/ld.so.cache",
                                    "/etc/ld.so.preload",
                                    "/etc/ssl",
                                    "/etc/pki",
                                    "/etc/ca-certificates",
                                    "/etc/localtime",
                                    "/etc/timezone",
                                    "/dev/null",
                                    "/dev/zero",
                                    "/dev/random",
                                    "/dev/urandom",
                                    "/proc/self",
                                    "/proc/cpuinfo",
                                    "/proc/meminfo",
                                    "/proc/stat",
                                    "/sys/devices/system/cpu",
                                    "/sys/kernel/mm/transparent_hugepage"};

Result<void> allow_reading(int ruleset, const std::filesystem::path& path) {
    const Fd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat found {};
    if (!fd || ::fstat(fd.get(), &found) != 0) return {};  // there is none
    landlock_path_beneath_attr rule{};
    rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
    if (S_ISDIR(found.st_mode)) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    rule.parent_fd = fd.get();
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        return os_error(cat("reading is not confined: ", path.native()), errno);
    return {};
}

// False: this kernel does not offer it, or a filter around the host refuses it.
Result<bool> confine_reading(const std::filesystem::path& library) {
    landlock_ruleset_attr handled{};
    handled.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;  // all of the first version
    const Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
    if (!ruleset) return false;
    for (const char* path : readable) STIPEND_TRY(allow_reading(ruleset.get(), path));
    STIPEND_TRY(allow_reading(ruleset.get(), library));
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return os_error("reading is not confined", errno);
    return true;
}

}  // namespace

Result<bool> enter_sandbox(const Sandbox& sandbox) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return os_error("new privileges are not refused", errno);
    STIPEND_TRY(limit(RLIMIT_CORE, 0, "core dumps are not turned off"));
    STIPEND_TRY(limit(RLIMIT_NOFILE, max_descriptors, "descriptors are not limited"));
    if (!sanitized && sandbox.memory_bytes != 0)
        STIPEND_TRY(limit(RLIMIT_DATA, sandbox.memory_bytes, "memory is not limited"));
    STIPEND_LET(confined, confine_reading(sandbox.library));
    STIPEND_TRY(restrict_system_calls(sandbox.ends_by));
    return confined;
}

}  // namespace stipend::plugin::isolated
