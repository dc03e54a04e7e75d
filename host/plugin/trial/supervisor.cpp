#include "host/plugin/trial/supervisor.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <optional>
#include <set>

#include "host/base/file.hpp"
#include "host/base/printable.hpp"
#include "host/plugin/isolated/sandbox.hpp"
#include "host/plugin/rules.hpp"
#include "host/plugin/trial/library_trial.hpp"
#include "host/plugin/trial/report.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::plugin {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr int calls_in_all = 4;  // so many times the limit of one call is that of all together
constexpr int most_sweeps = 200;

constexpr std::uint64_t memory_of_trial = std::uint64_t{2} << 30U;  // that of its process is smaller, and its own
constexpr std::size_t most_output = 300;                            // that a finding shows

std::string error_json(std::string_view rule, const std::string& message) {
    return Json::object().set("error", message).set("path", "").set("rule", Json(rule)).dump();
}

std::string text_of(const Json& request, std::string_view key) {
    const auto* value = request.find(key);
    return value == nullptr ? std::string() : value->text();
}

// How the process ended, as "got ...".
std::string ending(int status) {
    if (WIFSIGNALED(status)) return cat("signal ", WTERMSIG(status), " (", ::strsignal(WTERMSIG(status)), ")");
    return cat("exit status ", WEXITSTATUS(status));
}

struct Ended {
    int status = 0;
    std::optional<std::int64_t> too_long_ms;  // the limit that it passed, after which it was killed
    bool in_all = false;                      // that of all calls together
};

Ended wait_for(pid_t child, const Report& report, std::int64_t call_ms) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    const auto begin = true_monotonic_ns();
    const auto end = begin + calls_in_all * call_ms * ms;
    Ended out;
    while (true) {
        if (::waitpid(child, &out.status, WNOHANG) == child) return out;
        const auto now = true_monotonic_ns();
        const auto since = report.since_ns.load();
        const auto call_end = since == 0 ? end : since + call_ms * ms;
        const auto left = std::min(end, call_end) - now;
        if (left <= 0) {
            out.in_all = call_end > now;
            out.too_long_ms = out.in_all ? calls_in_all * call_ms : call_ms;
            ::kill(child, SIGKILL);
            ::waitpid(child, &out.status, 0);
            return out;
        }
        // A call may begin at any time, with a limit of its own.
        const timespec wait{.tv_sec = 0, .tv_nsec = std::min(left, 20 * ms)};
        ::sigtimedwait(&wanted, nullptr, &wait);
    }
}

std::set<pid_t> children() {
    std::set<pid_t> out;
    const auto self = ::getpid();
    const auto listed = read_file(cat("/proc/self/task/", self, "/children"), 1u << 20);
    if (!listed) return out;
    for (const char* at = listed->c_str(); *at != '\0';) {
        char* next = nullptr;
        const auto pid = std::strtol(at, &next, 10);
        if (next == at) break;
        out.insert(static_cast<pid_t>(pid));
        at = next;
    }
    return out;
}

// Ends all processes that the plugin started, which are children of this process by now. Returns how many there were.
std::size_t end_processes(pid_t group) {
    std::set<pid_t> found;
    for (int sweep = 0; sweep < most_sweeps; ++sweep) {
        const auto pid = ::waitpid(-1, nullptr, WNOHANG);
        if (pid < 0) break;
        if (pid > 0) {
            found.insert(pid);
            continue;
        }
        ::kill(-group, SIGKILL);
        for (const auto child : children()) {
            found.insert(child);
            ::kill(child, SIGKILL);
        }
        ::usleep(1000);
    }
    return found.size();
}

// As in the process that the plugin will run in: what it does at its load, it does there for the first time.
void enter_sandbox_of_trial(const Json& request, Report& report) {
    static Report* kept = nullptr;
    kept = &report;
    const auto note = [](const char* call) { std::strncpy(kept->refused, call, sizeof kept->refused - 1); };
    const auto entered = isolated::enter_sandbox(
        {.library = text_of(request, "path"), .memory_bytes = memory_of_trial, .ends_by = note});
    if (entered) return;
    report.finish(error_json("", entered.error().message));
    ::_exit(0);
}

[[noreturn]] void become_trial(const Json& request, Report& report, const Fd& output) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setpgid(0, 0);
    // As in the host: the signals by which it is stopped wait for the thread that takes them, and a closed pipe is an
    // error.
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int number : {SIGHUP, SIGINT, SIGTERM}) sigaddset(&blocked, number);
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    // No descriptor of the supervisor is in reach of the plugin; what it prints on standard output goes nowhere, or is
    // looked at once it has ended.
    const int nothing = ::open("/dev/null", O_RDWR);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output ? output.get() : nothing, STDOUT_FILENO);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    if (request.find("sandboxed") != nullptr) enter_sandbox_of_trial(request, report);
    try_library(request, report);
}

// The answer, with a finding where the plugin printed something.
std::string with_output(std::string answer, const std::string& file, const Fd& output) {
    if (!output || ::lseek(output.get(), 0, SEEK_END) <= 0) return answer;
    std::string text(most_output, '\0');
    const auto got = ::pread(output.get(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    auto json = parse_json(answer, {.bytes = max_answer_bytes, .depth = 8, .nodes = 10'000});
    if (!json) return answer;
    const auto* known = json->find("findings");
    auto findings = known == nullptr ? Json::array() : *known;
    findings.push(
        Json::object()
            .set("rule", rules::output)
            .set("text", cat(file, ": prints on standard output: got \"", printable_line(text), "\", want nothing")));
    json->set("findings", std::move(findings));
    return json->dump();
}

}  // namespace

std::string supervise(const Json& request) {
    auto* report = Report::map();
    const auto limit = Decimal::parse(text_of(request, "call_ms"));
    const auto call_ms = limit ? limit->exact_scaled(0) : Result<std::int64_t>(limit.error());
    if (report == nullptr || !call_ms)
        return error_json("", "cannot probe: no memory, or no time limit in the request");
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &ended, nullptr);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const bool is_part = request.find("section") != nullptr;
    const Fd output(is_part ? ::memfd_create("stipend-output", MFD_CLOEXEC) : -1);
    const auto child = ::fork();
    if (child < 0) return error_json("", cat("cannot probe: no process: ", std::strerror(errno)));
    if (child == 0) become_trial(request, *report, output);

    const auto end = wait_for(child, *report, *call_ms);
    const auto left = end_processes(child);
    const auto file = text_of(request, "shown_as");
    const std::string call = report->call[0] == '\0' ? "its start" : report->call;
    if (end.too_long_ms) {
        const auto what = end.in_all ? cat("calls that take more than ", *end.too_long_ms, " ms together, the last in ")
                                     : cat("no return within ", *end.too_long_ms, " ms from ");
        return error_json(report->rule,
                          cat("plugin hangs when probed: ", file, ": got ", what, call, ", want it to return"));
    }
    if (report->refused[0] != '\0') {
        return error_json(report->rule, cat("plugin is stopped by its sandbox when probed: ", file, ": got ",
                                            report->refused, " in ", call, ", want no such system call"));
    }
    if (report->reach[0] != '\0') {
        return error_json(rules::guard, cat("plugin reaches outside of a record: ", file, ": got ", report->reach,
                                            ", in ", call, ", want it inside"));
    }
    if (report->answered.load() == 0 || !WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0) {
        return error_json(report->rule, cat("plugin ends the process when probed: ", file, ": got ", ending(end.status),
                                            " in ", call, ", want it to return"));
    }
    auto answer = with_output(std::string(report->answer, report->answer_bytes), file, output);
    if (left != 0 && !answer.starts_with("{\"error\"")) {
        return error_json(rules::children, cat("plugin leaves processes behind: ", file, ": got ", left,
                                               left == 1 ? " process" : " processes",
                                               " that it started and did not wait for, want none"));
    }
    return answer;
}

}  // namespace stipend::plugin
