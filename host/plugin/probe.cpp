#include "host/plugin/trial_request.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>

#include "host/base/file.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace stipend::plugin {
namespace {

constexpr std::size_t max_answer_bytes = 8u << 20;
constexpr int slack_ms = 5000;
const std::string rejected = std::to_string(STIPEND_E_CONFIG);

Json request_json(const std::filesystem::path& copy, const std::filesystem::path& shown_as,
                  const std::optional<ProbeConfig>& config, const std::optional<TrialRequest>& part,
                  const ProbeOptions& options) {
    Json request = Json::object();
    request.set("path", copy.native());
    request.set("shown_as", shown_as.native());
    request.set("call_ms", options.timeout_ms);
    if (options.sandboxed) request.set("sandboxed", true);
    if (config) {
        request.set("plugin_id", config->plugin_id);
        request.set("config", config->config_json);
        request.set("interval_ns", config->terms.interval_ns);
        request.set("base_usd_e8", config->terms.base_usd_e8);
    }
    if (part) {
        request.set("section", part->section);
        request.set("seed", Json::of_number(std::to_string(part->seed)));
        auto configs = Json::array();
        for (const auto& one : part->configs) configs.push(Json(one));
        request.set("configs", std::move(configs));
    }
    return request;
}

// A child with both of its standard streams on one socket.
class Child {
  public:
    static Result<Child> start(const ProbeOptions& options, const std::vector<std::string>& wrapper) {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
            return fail(STIPEND_E_UNAVAILABLE, "cannot probe: no socket: ", std::strerror(errno));
        }
        Child child;
        child.socket_ = Fd(ends[0]);
        const Fd theirs(ends[1]);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDIN_FILENO);
        // A library that prints must not be taken for the probe's answer: what it writes goes nowhere.
        ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), 3);
        ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        auto words = wrapper;
        words.push_back(options.program.native());
        words.emplace_back("--answer-fd=3");
        const std::string& name = words.front();
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        // The calling thread may block signals; a plugin that raises one has to end by it.
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_t attributes;
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        const int failed = ::posix_spawn(&child.pid_, name.c_str(), &actions, &attributes, argv.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
        if (failed != 0) {
            child.pid_ = -1;
            return fail(STIPEND_E_UNAVAILABLE, "cannot probe: ", name, ": ", std::strerror(failed));
        }
        return child;
    }
    Child(Child&& other) noexcept : socket_(std::move(other.socket_)), pid_(std::exchange(other.pid_, -1)) {}
    Child& operator=(Child&&) = delete;
    ~Child() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            wait();
        }
    }

    void ask(std::string_view text) const {
        // A probe that died already shows by its exit status; MSG_NOSIGNAL keeps its closed end from ending this
        // process.
        while (!text.empty()) {
            const auto put = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) break;
            text.remove_prefix(static_cast<std::size_t>(put));
        }
        ::shutdown(socket_.get(), SHUT_WR);
    }
    // All that it answers. TIMEOUT after `timeout_ms`.
    Result<std::string> answer(int timeout_ms) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
        std::string out;
        char buffer[16 * 1024];
        while (true) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
            pollfd waiting{socket_.get(), POLLIN, 0};
            const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left));
            if (ready < 0 && errno == EINTR) continue;
            if (ready <= 0) return fail(STIPEND_E_TIMEOUT, "no answer within ", timeout_ms, " ms");
            const auto got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return out;
            out.append(buffer, static_cast<std::size_t>(got));
            if (out.size() > max_answer_bytes) return fail(STIPEND_E_LIMIT, "answer too large");
        }
    }
    // The wait status of its end.
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

  private:
    Child() = default;
    Fd socket_;
    pid_t pid_ = -1;
};

// How a probe ended that did not answer, as "got ...".
std::string ending(int status) {
    if (WIFSIGNALED(status)) return cat("signal ", WTERMSIG(status), " (", strsignal(WTERMSIG(status)), ")");
    return cat("exit status ", WEXITSTATUS(status));
}

Result<Json> ask(const std::filesystem::path& shown_as, const Json& request, const ProbeOptions& options,
                 const std::vector<std::string>& wrapper = {}) {
    STIPEND_LET(child, Child::start(options, wrapper));
    child.ask(request.dump());
    // The probe keeps the limits of the calls by itself.
    auto text = child.answer(5 * options.timeout_ms + slack_ms);
    if (!text) return std::move(text).error().in(cat("plugin hangs the probe: ", shown_as.native()));
    const int status = child.wait();
    if (text->empty()) {
        return fail(STIPEND_E_INVALID, "plugin ends the probe: ", shown_as.native(), ": got ", ending(status),
                    ", want an answer");
    }
    return parse_json(*text, {.bytes = max_answer_bytes, .depth = 8, .nodes = 10'000});
}

std::string text_of(const Json& json, std::string_view key) {
    const auto* value = json.find(key);
    return value == nullptr ? std::string() : value->text();
}

}  // namespace

Result<LibraryDescription> probe(const std::filesystem::path& copy, const std::filesystem::path& shown_as,
                                 const std::optional<ProbeConfig>& config, const ProbeOptions& options) {
    STIPEND_LET(json, ask(shown_as, request_json(copy, shown_as, config, std::nullopt, options), options));
    if (json.find("error") != nullptr) {
        Error out = fail(STIPEND_E_INVALID, text_of(json, "error"));
        out.path = text_of(json, "path");
        if (text_of(json, "status") == rejected) out.status = STIPEND_E_CONFIG;
        out.permanent = true;
        return out;
    }
    return LibraryDescription::from_json(json);
}

Result<TrialAnswer> try_part(const std::filesystem::path& copy, const std::filesystem::path& shown_as,
                             const std::optional<ProbeConfig>& config, const TrialRequest& request,
                             const ProbeOptions& options) {
    STIPEND_LET(json, ask(shown_as, request_json(copy, shown_as, config, request, options), options, request.wrapper));
    TrialAnswer out;
    if (json.find("error") != nullptr) {
        out.failed = Finding{text_of(json, "rule"), text_of(json, "error")};
        out.of_config = text_of(json, "status") == rejected;
        out.config_path = text_of(json, "path");
    }
    if (json.find("plugins") != nullptr) {
        STIPEND_SET(out.description, LibraryDescription::from_json(json));
    }
    if (const auto* findings = json.find("findings")) {
        for (const auto& one : findings->items()) out.findings.push_back({text_of(one, "rule"), text_of(one, "text")});
    }
    out.looked_at = text_of(json, "looked_at");
    return out;
}

}  // namespace stipend::plugin
