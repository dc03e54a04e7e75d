#include "host/plugin/isolated/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "host/base/printable.hpp"
#include "host/plugin/isolated/wire.hpp"

namespace stipend::plugin::isolated {
namespace {

constexpr const char* kept_variables[] = {"LANG", "LC_ALL", "TZ"};  // others may hold secrets
constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;

// How a process is started: its descriptors, signals and environment.
class Spawn {
  public:
    Spawn() {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawnattr_init(&attributes_);
        // A thread of the host may block signals; a plugin that raises one has to end by it.
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        for (const char* name : kept_variables) {
            if (const char* value = std::getenv(name)) environment_.push_back(cat(name, "=", value));
        }
    }
    Spawn(const Spawn&) = delete;
    Spawn& operator=(const Spawn&) = delete;
    ~Spawn() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    void give(int ours, int theirs) { ::posix_spawn_file_actions_adddup2(&actions_, ours, theirs); }
    void give_nothing(int theirs) { ::posix_spawn_file_actions_addopen(&actions_, theirs, "/dev/null", O_RDWR, 0); }
    // 0, or the number of an error.
    int run(const std::string& program, pid_t& pid) {
        std::string name = program;
        std::array<char*, 2> words{name.data(), nullptr};
        std::vector<char*> variables;
        for (auto& variable : environment_) variables.push_back(variable.data());
        variables.push_back(nullptr);
        return ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, words.data(), variables.data());
    }

  private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
    std::vector<std::string> environment_;
};

Error os_error(std::string_view what) {
    return fail(STIPEND_E_UNAVAILABLE, "no process for the plugin: ", what, ": ", std::strerror(errno));
}

std::string ending(int status) {
    if (WIFSIGNALED(status)) return cat("signal ", WTERMSIG(status), " (", ::strsignal(WTERMSIG(status)), ")");
    return cat("exit status ", WEXITSTATUS(status));
}

}  // namespace

Result<Process> Process::start(const std::filesystem::path& program) {
    Process out;
    // Above the numbers that the process gets, which a copy of one of them must not be.
    const auto above = [](int fd) {
        const Fd low(fd);
        return Fd(::fcntl(low.get(), F_DUPFD_CLOEXEC, report_fd + 1));
    };
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return os_error("no socket");
    out.socket_ = above(ends[0]);
    const auto socket = above(ends[1]);
    if (::pipe2(ends, O_CLOEXEC) != 0) return os_error("no pipe");
    out.errors_ = above(ends[0]);
    const auto errors = above(ends[1]);
    if (::pipe2(ends, O_CLOEXEC) != 0) return os_error("no pipe");
    out.report_ = above(ends[0]);
    const auto report = above(ends[1]);
    if (!out.socket_ || !socket || !out.errors_ || !errors || !out.report_ || !report) return os_error("no descriptor");
    for (const int fd : {out.socket_.get(), out.errors_.get(), out.report_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);

    Spawn spawn;
    spawn.give_nothing(STDIN_FILENO);
    spawn.give_nothing(STDOUT_FILENO);
    spawn.give(errors.get(), STDERR_FILENO);
    spawn.give(socket.get(), socket_fd);
    spawn.give(report.get(), report_fd);
    errno = spawn.run(program.native(), out.pid_);
    if (errno != 0) {
        out.pid_ = -1;
        return os_error(program.native());
    }
    return out;
}

Process::Process(Process&& other) noexcept
    : socket_(std::move(other.socket_)),
      errors_(std::move(other.errors_)),
      report_(std::move(other.report_)),
      pid_(std::exchange(other.pid_, -1)) {}

Process::~Process() {
    if (pid_ > 0) static_cast<void>(end(0));
}

std::string Process::end(std::uint64_t memory_bytes) {
    // One that ended by itself is not there to be killed, and keeps its own status.
    ::kill(pid_, SIGKILL);
    int status = 0;
    rusage used{};
    while (::wait4(pid_, &status, 0, &used) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    std::array<char, 64> call{};
    const auto got = ::read(report_.get(), call.data(), call.size());
    if (got > 0) {
        const std::string_view name(call.data(), static_cast<std::size_t>(got));
        return cat("stopped by its sandbox: ", printable_line(name));
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) return "stopped by its sandbox";
    const auto most = static_cast<std::uint64_t>(used.ru_maxrss) * kib;
    // What it wanted beyond the limit it did not get, so it ends somewhat below.
    if (memory_bytes != 0 && most >= memory_bytes / 8 * 7) {
        return cat("got ", ending(status), ", at its limit of memory: ", most / mib, " of ", memory_bytes / mib,
                   " MiB");
    }
    return cat("got ", ending(status));
}

}  // namespace stipend::plugin::isolated
