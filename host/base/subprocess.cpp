#include "host/base/subprocess.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <utility>

#include "host/base/file.hpp"
#include "stipend/duration.hpp"

namespace stipend::subprocess {
namespace {

constexpr std::size_t max_err = 65'536;
constexpr std::size_t max_line = 1 << 20;
constexpr int grace_ms = 10'000;
using Clock = std::chrono::steady_clock;

struct Pipe {
    Fd read, write;
    static Result<Pipe> create() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            return fail(STIPEND_E_UNAVAILABLE, "no pipe: ", std::strerror(errno));
        }
        return Pipe{Fd(ends[0]), Fd(ends[1])};
    }
};

// A program that was started; ended and waited for where that has not happened before.
class Child {
  public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { end(); }
    // By SIGTERM, so that a host ends in order; by SIGKILL where it has not ended after a while.
    void end() {
        if (pid_ < 0) return;
        const Fd ended(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
        ::kill(pid_, SIGTERM);
        pollfd wanted{ended.get(), POLLIN, 0};
        if (ended.get() < 0 || ::poll(&wanted, 1, grace_ms) != 1) ::kill(pid_, SIGKILL);
        wait();
    }
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    pid_t pid_;
};

Result<pid_t> spawn(const std::vector<std::string>& arguments, const Pipe& in, const Pipe& out, const Pipe& err) {
    std::vector<char*> argv;
    for (const auto& one : arguments) argv.push_back(const_cast<char*>(one.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in.read.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO);
    pid_t pid = -1;
    const int failed = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return fail(STIPEND_E_UNAVAILABLE, arguments.front(), ": ", std::strerror(failed));
    return pid;
}

// Takes standard output apart where each line is wanted.
class Output {
  public:
    Output(const Command& command, Ended& ended) : command_(command), ended_(ended) {}

    // False: no more of it is wanted.
    Result<bool> take(std::string_view part) {
        ended_.out += part;
        if (!command_.on_line) {
            if (ended_.out.size() <= command_.max_output) return true;
            return fail(STIPEND_E_LIMIT, command_.arguments.front(), ": prints more than ", command_.max_output,
                        " bytes");
        }
        std::size_t from = 0;
        for (auto end = ended_.out.find('\n'); end != std::string::npos; end = ended_.out.find('\n', from)) {
            const auto line = std::string_view(ended_.out).substr(from, end - from);
            from = end + 1;
            if (command_.on_line(line)) continue;
            ended_.stopped = true;
            return false;
        }
        ended_.out.erase(0, from);
        if (ended_.out.size() <= max_line) return true;
        return fail(STIPEND_E_LIMIT, command_.arguments.front(), ": prints a line of more than ", max_line, " bytes");
    }

  private:
    const Command& command_;
    Ended& ended_;
};

// Reads once. Closes the end where there is no more.
std::string read_some(Fd& fd) {
    std::array<char, 65'536> buffer{};
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (got <= 0) {
        fd.reset();
        return {};
    }
    return {buffer.data(), static_cast<std::size_t>(got)};
}

int milliseconds_until(Clock::time_point end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

// Until both ends are closed, or no more is wanted.
Result<void> read_all(const Command& command, Fd& out, Fd& err, Ended& ended) {
    Output output(command, ended);
    const auto end = Clock::now() + std::chrono::nanoseconds(command.deadline_ns);
    while (out.get() >= 0 || err.get() >= 0) {
        std::array<pollfd, 2> wanted{{{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}}};
        const int ready = ::poll(wanted.data(), wanted.size(), milliseconds_until(end));
        if (ready < 0 && errno != EINTR) return fail(STIPEND_E_INTERNAL, "poll: ", std::strerror(errno));
        if (ready == 0 && Clock::now() >= end) {
            return fail(STIPEND_E_TIMEOUT, command.arguments.front(), ": no end within ",
                        duration_text(command.deadline_ns));
        }
        if (ready <= 0) continue;
        if (wanted[1].revents != 0) {
            const auto part = read_some(err);
            ended.err += part.substr(0, max_err - std::min(max_err, ended.err.size()));
        }
        if (wanted[0].revents == 0) continue;
        STIPEND_LET(more, output.take(read_some(out)));
        if (!more) return {};
    }
    return {};
}

}  // namespace

Result<Ended> run(const Command& command) {
    if (command.input.size() > max_input) {
        return fail(STIPEND_E_LIMIT, "input of a program: got ", command.input.size(), " bytes, want at most ",
                    max_input);
    }
    STIPEND_LET(in, Pipe::create());
    STIPEND_LET(out, Pipe::create());
    STIPEND_LET(err, Pipe::create());
    STIPEND_LET(pid, spawn(command.arguments, in, out, err));
    Child child(pid);
    out.write.reset();
    err.write.reset();
    // The reading end is still open here, so that a program that does not read raises no SIGPIPE.
    if (!command.input.empty() && ::write(in.write.get(), command.input.data(), command.input.size()) < 0) {
        return fail(STIPEND_E_INTERNAL, command.arguments.front(), ": its input: ", std::strerror(errno));
    }
    in.write.reset();
    in.read.reset();
    Ended ended;
    STIPEND_TRY(read_all(command, out.read, err.read, ended));
    if (ended.stopped) {
        child.end();
    } else {
        ended.status = child.wait();
    }
    return ended;
}

}  // namespace stipend::subprocess
