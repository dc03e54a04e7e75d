#include "host/plugin/last_words.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string_view>

#include "host/base/file.hpp"
#include "host/base/not_in_children.hpp"
#include "host/plugin/calls.hpp"

namespace stipend::plugin {
namespace {

constexpr std::uintmax_t max_record_bytes = 1u << 20;
constexpr std::size_t scanned_bytes = 64u << 10;
constexpr int defects[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

// What the handlers use is opened before: nothing is allocated, locked or looked up by name in them.
int log_fd = STDOUT_FILENO;
int record_fd = -1;
std::atomic<bool> wanted = false;
std::atomic<bool> written = false;
pid_t process = 0;  // not one that was forked from it

// A text of bounded length, made without any allocation.
class Line {
  public:
    Line& add(const char* text) noexcept {
        for (; *text != '\0' && used_ < sizeof bytes_; ++text) bytes_[used_++] = *text;
        return *this;
    }
    // A name in the record: its separators are not part of one.
    Line& name(const char* text) noexcept {
        for (; *text != '\0' && used_ < sizeof bytes_; ++text) bytes_[used_++] = *text < ' ' ? '?' : *text;
        return *this;
    }
    Line& add(std::uint64_t number) noexcept {
        char digits[20];
        int count = 0;
        do {
            digits[count++] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        while (count > 0 && used_ < sizeof bytes_) bytes_[used_++] = digits[--count];
        return *this;
    }
    [[nodiscard]] bool write_to(int fd) const noexcept {
        return fd >= 0 && ::write(fd, bytes_, used_) == static_cast<ssize_t>(used_);
    }

  private:
    char bytes_[2048];
    std::size_t used_ = 0;
};

const char* name_of(int signal) noexcept {
    switch (signal) {
        case SIGSEGV:
            return "SIGSEGV";
        case SIGBUS:
            return "SIGBUS";
        case SIGFPE:
            return "SIGFPE";
        case SIGILL:
            return "SIGILL";
        case SIGTRAP:
            return "SIGTRAP";
        case SIGSYS:
            return "SIGSYS";
        case SIGABRT:
            return "SIGABRT";
        default:
            return "a signal";
    }
}

struct Cause {
    const CallOwner* owner = nullptr;
    const char* call = "";
};

// A thread that the host made has no plugin's code on its stack but inside of a call. On any other thread the innermost
// address of a plugin's code names it; the stack is read by a system call, since its end is not known.
Cause cause_on_plugin_thread(std::uintptr_t at, std::uintptr_t stack) noexcept {
    if (const auto* owner = library_at(at)) return {owner, "a thread of its own"};
    if (::syscall(SYS_gettid) == ::getpid()) return {};
    std::uintptr_t words[512];
    for (std::size_t from = 0; from < scanned_bytes; from += sizeof words) {
        const iovec into{words, sizeof words};
        const iovec what{reinterpret_cast<void*>(stack + from), sizeof words};
        const auto got = ::process_vm_readv(::getpid(), &into, 1, &what, 1, 0);
        if (got <= 0) return {};
        for (std::size_t word = 0; word < static_cast<std::size_t>(got) / sizeof *words; ++word) {
            if (const auto* owner = library_at(words[word])) return {owner, "a thread of its own"};
        }
    }
    return {};
}

void write_end(const Cause& cause, const char* why, std::uint64_t number) noexcept {
    if (written.exchange(true)) return;
    Line line;
    if (cause.owner == nullptr) {
        line.add("stipend: the host ends outside of any plugin's call: ").add(why).add(" ").add(number).add("\n");
        static_cast<void>(line.write_to(log_fd) || line.write_to(STDERR_FILENO));
        return;
    }
    const auto& owner = *cause.owner;
    line.add("stipend: plugin ").name(owner.plugin.c_str()).add(" ends the host in ").add(cause.call).add(": got ");
    line.add(why).add(" ").add(number).add("; file ").name(owner.file.c_str()).add(", sha256 ");
    line.add(owner.sha256.c_str()).add(", instance ").name(owner.instance.c_str()).add(", generation ");
    line.add(noted_generation()).add("\n");
    static_cast<void>(line.write_to(log_fd) || line.write_to(STDERR_FILENO));
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    Line record;
    record.add(static_cast<std::uint64_t>(now.tv_sec)).add("\t").add(owner.sha256.c_str()).add("\t");
    record.name(owner.plugin.c_str()).add("\t").add(noted_generation()).add("\t").add(why).add(" ").add(number);
    record.add("\t").add(cause.call).add("\t").name(owner.file.c_str()).add("\n");
    if (record.write_to(record_fd)) ::fdatasync(record_fd);
}

void on_defect(int signal, siginfo_t*, void* context) {
    const int before = errno;
    const auto call = call_of_this_thread();
    Cause cause{call.owner, call.call};
    if (cause.owner == nullptr) {
#if defined(__x86_64__)
        const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
        cause = cause_on_plugin_thread(static_cast<std::uintptr_t>(registers[REG_RIP]),
                                       static_cast<std::uintptr_t>(registers[REG_RSP]));
#elif defined(__aarch64__)
        const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
        cause = cause_on_plugin_thread(registers.pc, registers.sp);
#else
        static_cast<void>(context);
#endif
    }
    write_end(cause, name_of(signal), static_cast<std::uint64_t>(signal));
    // The default action follows: with the state of the defect for a core dump, where the defect comes again.
    ::signal(signal, SIG_DFL);
    ::raise(signal);
    errno = before;
}

[[noreturn]] void exit_now(int status) noexcept {
    while (true) ::syscall(SYS_exit_group, status);
}

void on_exit_called(int status, void*) {
    if (wanted) return;
    const auto call = call_of_this_thread();
    Cause cause{call.owner, call.call};
    if (cause.owner == nullptr) {
        if (::syscall(SYS_gettid) == ::getpid()) return;
        cause = cause_on_plugin_thread(0, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
        if (cause.owner == nullptr) return;
    }
    write_end(cause, "exit with status", static_cast<std::uint64_t>(static_cast<unsigned>(status) & 0xff));
    exit_now(exit_of_plugin);
}

// A thread that calls _exit outside of any plugin is the host's, or one that a plugin made.
void on_immediate_exit(int status) noexcept {
    if (record_fd < 0 || wanted || ::getpid() != process) return;
    on_exit_called(status, nullptr);
}

// So that a handler runs on a thread whose stack is used up, too.
class SignalStack {
  public:
    SignalStack() {
        stack_t there{};
        if (::sigaltstack(nullptr, &there) != 0 || (there.ss_flags & SS_DISABLE) == 0) return;
        memory_ = std::make_unique<char[]>(bytes);
        stack_t ours{};
        ours.ss_sp = memory_.get();
        ours.ss_size = bytes;
        if (::sigaltstack(&ours, nullptr) != 0) memory_.reset();
    }
    ~SignalStack() {
        if (!memory_) return;
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        ::sigaltstack(&none, nullptr);
    }
    SignalStack(const SignalStack&) = delete;
    SignalStack& operator=(const SignalStack&) = delete;

  private:
    static constexpr std::size_t bytes = 64u << 10;
    std::unique_ptr<char[]> memory_;
};

void give_signal_stack() {
    thread_local const SignalStack stack;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> out;
    while (true) {
        const auto end = text.find(at);
        out.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        text.remove_prefix(end + 1);
    }
}

template <class Number>
Number number_of(std::string_view text) {
    Number out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

}  // namespace

Result<void> name_the_cause_of_an_end(const std::filesystem::path& record) {
    const auto open = [&] { return Fd(::open(record.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)); };
    Fd fd = open();
    if (!fd) return fail(STIPEND_E_UNAVAILABLE, "cannot open ", record.native(), ": ", std::strerror(errno));
    // A process that a plugin forks must not hold the log's pipe open.
    static NotInChildren record_in_children, log_in_children;
    record_in_children.end();
    if (record_fd >= 0) ::close(record_fd);
    record_fd = fd.release();
    record_in_children = NotInChildren(record_fd);
    wanted = false;
    process = ::getpid();
    static bool installed = false;
    if (std::exchange(installed, true)) return {};
    // Whatever a plugin does to standard output, this reaches the log.
    if (const int kept = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3); kept >= 0) {
        log_fd = kept;
        log_in_children = NotInChildren(log_fd);
    }
    on_first_call(&give_signal_stack);
    for (const int signal : defects) {
        struct sigaction there {};
        if (::sigaction(signal, nullptr, &there) != 0) continue;
        if ((there.sa_flags & SA_SIGINFO) != 0 || there.sa_handler != SIG_DFL) continue;
        struct sigaction ours {};
        ours.sa_sigaction = &on_defect;
        ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigfillset(&ours.sa_mask);
        ::sigaction(signal, &ours, nullptr);
    }
    ::on_exit(&on_exit_called, nullptr);
    return {};
}

void end_is_wanted() {
    wanted = true;
}

std::vector<PluginEnd> read_plugin_ends(const std::filesystem::path& record) {
    std::vector<PluginEnd> out;
    const auto text = read_file(record, max_record_bytes);
    if (!text) return out;
    for (const auto line : split(*text, '\n')) {
        const auto fields = split(line, '\t');
        if (fields.size() != 7 || fields[1].size() != 64) continue;  // the last one may be a part
        out.push_back({.at_s = number_of<std::int64_t>(fields[0]),
                       .sha256 = std::string(fields[1]),
                       .plugin = std::string(fields[2]),
                       .cause = std::string(fields[4]),
                       .call = std::string(fields[5]),
                       .file = std::string(fields[6]),
                       .generation = number_of<std::uint64_t>(fields[3])});
    }
    return out;
}

Result<std::set<std::string>> update_put_aside(const std::filesystem::path& put_aside,
                                               const std::vector<PluginEnd>& ends) {
    std::set<std::string> out;
    const auto text = read_file(put_aside, max_record_bytes);
    if (text) {
        for (const auto line : split(*text, '\n')) {
            if (line.size() == 64) out.emplace(line);
        }
    }
    const auto count = ends.size();
    if (count < 2 || ends[count - 1].sha256 != ends[count - 2].sha256) return out;
    if (!out.insert(ends.back().sha256).second) return out;
    std::string lines;
    for (const auto& hash : out) lines += hash + "\n";
    STIPEND_TRY(write_file_atomically(put_aside, lines, 0600));
    return out;
}

}  // namespace stipend::plugin

// Plugins find these before the C library's own. Those of `_exit` end the process without any handler; that of `exit`
// runs handlers while other threads go on, and one of them may crash meanwhile on what has ended, and be named instead.
extern "C" {
[[noreturn]] void exit(int status) noexcept {
    stipend::plugin::on_immediate_exit(status);
    using Exit = void (*)(int);
    if (const auto next = reinterpret_cast<Exit>(::dlsym(RTLD_NEXT, "exit")); next != nullptr) next(status);
    stipend::plugin::exit_now(status);
}
[[noreturn]] void _exit(int status) {
    stipend::plugin::on_immediate_exit(status);
    stipend::plugin::exit_now(status);
}
[[noreturn]] void _Exit(int status) {
    _exit(status);
}
}
