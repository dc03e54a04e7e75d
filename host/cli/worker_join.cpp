// `stipend worker join`: each step looks at what is there already, so that the command goes on where it was ended.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "host/auth/invitation.hpp"
#include "host/auth/worker_key.hpp"
#include "host/base/printable.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/worker_join_files.hpp"
#include "host/cli/worker_unit.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/config/url.hpp"
#include "host/http/manager_url.hpp"
#include "host/ledger/lock_file.hpp"
#include "host/worker/join_client.hpp"
#include "stipend/duration.hpp"

namespace stipend::cli {
namespace {

constexpr const char* usual_capability = "agent-net";
constexpr auto look_pause = std::chrono::seconds(2);
constexpr unsigned most_failed_looks = 5;  // in a row

// What was done, as it is done.
class JoinSteps {
  public:
    explicit JoinSteps(bool json) : json_(json) {}
    void done(std::string_view step, const std::string& text) {
        list_.push(Json::object().append("step", step).append("result", text));
        if (json_) return;
        fmt::print("{:<12} {}\n", step, printable_line(text));
        std::fflush(stdout);
    }
    [[nodiscard]] const Json& list() const { return list_; }

  private:
    bool json_;
    Json list_ = Json::array();
};

Result<std::string> origin_in(std::string_view name, const std::string& text) {
    auto origin = config::read_origin(text);
    if (origin) return std::move(*origin);
    return fail(STIPEND_E_INVALID, name, ": got \"", printable_line(clip(text, 128)),
                "\", want http(s)://host:port without a path");
}

Result<worker::JoinTerms> terms_of(const JoinOptions& options) {
    worker::JoinTerms out;
    STIPEND_SET(out.manager, origin_in("URL", options.url));
    if (!http::check_manager_url(out.manager, false)) {
        return fail(STIPEND_E_INVALID, "URL: got ", out.manager,
                    ", want https://, or http:// to this machine: without TLS the invitation could be read on the way");
    }
    STIPEND_SET(out.endpoint, origin_in("--endpoint", options.endpoint));
    out.id = options.id.empty() ? config::host_and_port(out.endpoint) : options.id;
    out.ca = options.ca;
    out.payout_address = options.payout_address;
    out.capability = options.capability;
    out.orchestrator = options.orchestrator;
    out.orchestrator_cert = options.orchestrator_cert;
    out.watch = options.watch;
    std::error_code error;
    out.state = std::filesystem::absolute(options.state, error).lexically_normal();
    out.plugins = options.plugins;
    out.listen = options.listen;
    out.worker_url = options.worker_url.empty() ? "http://" + options.listen : options.worker_url;
    out.metrics = options.metrics;
    STIPEND_TRY(worker::check_join_terms(out));
    return out;
}

// Empty: there is none, and the own secret has to do.
Result<std::string> read_token(const JoinOptions& options, const worker::JoinTerms& terms) {
    const bool by_itself = options.token_file.empty();
    if (by_itself && (::isatty(STDIN_FILENO) != 0 || has_joined(terms))) return std::string();
    auto read = read_secret_line(by_itself ? "-" : options.token_file, "the invitation");
    if (!read && by_itself) return std::string();  // such as /dev/null
    if (!read) return read;
    const auto token = auth::parse_invitation(*read);
    if (!token) {
        return fail(STIPEND_E_INVALID,
                    "the invitation: got a line that is none, or lacks a part, want one that begins with sti_");
    }
    if (!auth::is_for(*token, terms.manager)) {
        return fail(STIPEND_E_INVALID, "the invitation was made for another address than ", terms.manager,
                    ", and is not sent there: want the URL that came with it");
    }
    return read;
}

// The files in the state folder that a later step makes are there already.
class PlannedFiles final : public config::Environment {
  public:
    explicit PlannedFiles(const worker::JoinTerms& terms) : terms_(terms) {}
    [[nodiscard]] std::optional<std::string> get(const std::string& name) const override { return process_.get(name); }
    [[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max_bytes) const override {
        if (path == worker::key_seed_file(terms_.state)) return std::string(2 * auth::key_seed_bytes, '0');
        if (path == worker::orchestrator_secret_file(terms_.state)) return std::string("the orchestrator's own");
        return process_.read_file(path, max_bytes);
    }

  private:
    const worker::JoinTerms& terms_;
    config::ProcessEnvironment process_;
};

// Checks the configuration as the host will, before anything is written; prints what is wrong.
bool is_good_config(const worker::JoinTerms& terms, const std::string& text, bool json) {
    const PlannedFiles environment(terms);
    config::Diagnostics diagnostics;
    static_cast<void>(config::load_text("the configuration of these options", text, environment, diagnostics));
    if (diagnostics.empty()) return true;
    print_diagnostics(diagnostics, json);
    return false;
}

class Join {
  public:
    Join(const JoinOptions& options, worker::JoinTerms terms, std::string token, std::int64_t wait_ns)
        : options_(options),
          terms_(std::move(terms)),
          token_(std::move(token)),
          wait_ns_(wait_ns),
          file_(options.common.config_file),
          steps_(options.common.json) {}

    int run() {
        const auto ended = steps();
        if (!ended) print_error(ended.error());
        if (options_.common.json) print_json(ended ? std::string() : ended.error().message);
        return ended ? *ended : failed_;
    }

  private:
    Result<int> steps() {
        STIPEND_TRY(check_invitation());
        STIPEND_TRY(check_join_config(terms_, file_));
        text_ = worker::join_config_text(terms_);
        if (!is_good_config(terms_, text_, options_.common.json)) {
            failed_ = exit_usage;
            return fail(STIPEND_E_CONFIG, "these options make no configuration; nothing was changed");
        }
        STIPEND_LET(secret, read_secret_line(options_.orchestrator_secret_file, "the orchestrator's secret"));
        if (options_.dry_run) return show_plan();
        STIPEND_TRY(make_state_folder(terms_.state));
        STIPEND_SET(lock_, take_lock());
        STIPEND_SET(secrets_, make_join_files(terms_, secret));
        steps_.done("files", cat("in ", terms_.state.native(), "; the worker's key is ", secrets_.worker_key));
        STIPEND_SET(written_, write_join_config(terms_, file_, text_));
        steps_.done("config", cat(file_.native(), ": ", written_));
        STIPEND_LET(proven, enroll_and_prove());
        if (proven.reached && !*proven.reached) {
            return fail(STIPEND_E_UNAVAILABLE, "the manager does not reach ", terms_.endpoint, ": ", proven.why,
                        ". Open it, and give the same command again; it is tried once a minute at most");
        }
        steps_.done("endpoint", proven.reached ? cat(terms_.endpoint, " is reached by the manager")
                                               : "not tried by the manager yet");
        STIPEND_LET(approved, wait_for_approval(proven.state));
        STIPEND_TRY(start());
        return approved ? exit_good : exit_waiting;
    }

    Result<void> check_invitation() {
        if (terms_.capability.empty()) terms_.capability = usual_capability;
        if (token_.empty()) return {};
        const worker::JoinClient client(terms_, "-");
        STIPEND_LET(found, client.invitation(token_));
        if (!found.capability.empty()) {
            if (!options_.capability.empty() && options_.capability != found.capability) {
                return fail(STIPEND_E_INVALID, "--capability: got ", options_.capability,
                            ", and the invitation is for ", found.capability);
            }
            terms_.capability = found.capability;
        }
        steps_.done("invitation", cat("of ", terms_.manager, " until ", found.expires_at, " for ", terms_.capability,
                                      found.network.empty() ? "" : ", paid on ", found.network,
                                      found.approve ? ", approved at the first proof" : ", an administrator approves"));
        return {};
    }

    Result<int> show_plan() {
        steps_.done("dry run", cat("nothing is changed; ", file_.native(), " would be:"));
        if (!options_.common.json) fmt::print("{}", text_);
        plan_ = true;
        return exit_good;
    }

    // Two commands at once would give the worker two secrets.
    [[nodiscard]] Result<ledger::LockFile> take_lock() const {
        auto lock = ledger::LockFile::take(terms_.state / "join.lock");
        if (lock || lock.error().status != STIPEND_E_BUSY) return lock;
        return fail(STIPEND_E_BUSY, "another `stipend worker join` runs with ", terms_.state.native());
    }

    Result<worker::JoinState> enroll_and_prove() {
        if (token_.empty() && !secrets_.own.registered) {
            return fail(STIPEND_E_INVALID, "no invitation: want --token-file FILE, or its text on standard input");
        }
        const worker::JoinClient client(terms_, secrets_.own.secret);
        const auto by = [&](const std::string& token) { return client.enroll(terms_, secrets_.worker_key, token); };
        auto enrolled = by(secrets_.own.registered ? std::string() : token_);
        // A manager that has lost what it knew: the invitation is a new one.
        const bool is_lost = secrets_.own.registered && !enrolled && enrolled.error().status == STIPEND_E_STATE;
        if (is_lost && !token_.empty()) enrolled = by(token_);
        if (!enrolled) return std::move(enrolled).error();
        STIPEND_TRY(store_registered(terms_, secrets_.own));
        steps_.done("registered", cat("as ", terms_.id));
        STIPEND_LET(proven, client.prove(enrolled->challenge));
        steps_.done("proof", "accepted");
        return proven;
    }

    Result<bool> wait_for_approval(std::string state) {
        const worker::JoinClient client(terms_, secrets_.own.secret);
        const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(wait_ns_);
        unsigned failed = 0;
        bool said = false;
        while (state != "approved") {
            if (state == "disconnected" || state == "removed") {
                return fail(STIPEND_E_INVALID, "an administrator of the manager has ", state, " ", terms_.id);
            }
            if (std::chrono::steady_clock::now() >= until) break;
            if (!std::exchange(said, true)) {
                steps_.done("approval", cat("waits for an administrator: `stipend orchestrators approve ", terms_.id,
                                            "`, or the page"));
            }
            ::poll(nullptr, 0, static_cast<int>(std::chrono::milliseconds(look_pause).count()));
            auto seen = client.state();
            if (!seen && (seen.error().status != STIPEND_E_UNAVAILABLE || ++failed > most_failed_looks)) {
                return std::move(seen).error();
            }
            if (seen) {
                failed = 0;
                state = std::move(*seen);
            }
        }
        state_ = state;
        steps_.done("approval", state == "approved" ? "approved" : "not yet; the worker goes on asking by itself");
        return state == "approved";
    }

    Result<void> start() {
        command_ = start_command(file_);
        if (options_.no_start || !can_start_unit(file_)) {
            steps_.done("start", cat("by: ", command_));
            return {};
        }
        STIPEND_TRY(start_unit(written_ != "as it was"));
        steps_.done("start", "stipend-worker runs, and starts with the machine");
        command_.clear();
        return {};
    }

    void print_json(const std::string& error) {
        const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
        fmt::print("{}\n", Json::object()
                               .append("orchestrator_id", terms_.id)
                               .append("manager", terms_.manager)
                               .append("config", file_.native())
                               .append("state", or_null(state_))
                               .append("worker_key", or_null(secrets_.worker_key))
                               .append("command", or_null(command_))
                               .append("plan", plan_ ? Json(text_) : Json())
                               .append("steps", steps_.list())
                               .append("error", or_null(error))
                               .dump());
    }

    const JoinOptions& options_;
    worker::JoinTerms terms_;
    const std::string token_;
    const std::int64_t wait_ns_;
    const std::filesystem::path file_;
    JoinSteps steps_;
    ledger::LockFile lock_;
    JoinSecrets secrets_;
    std::string text_, written_, state_, command_;
    bool plan_ = false;
    int failed_ = exit_bad;
};

}  // namespace

int worker_join(const JoinOptions& options) {
    const auto wait_ns = parse_duration(options.wait);
    if (!wait_ns || *wait_ns < 0) {
        print_error(fail(STIPEND_E_INVALID, "--wait: got \"", options.wait, "\", want a time such as 10m"));
        return exit_usage;
    }
    auto terms = terms_of(options);
    if (!terms) return print_error(terms.error()), exit_usage;
    if (options.orchestrator_secret_file == "-") {
        print_error(fail(STIPEND_E_INVALID, "--orchestrator-secret-file: got -, want a file"));
        return exit_usage;
    }
    auto token = read_token(options, *terms);
    if (!token) return print_error(token.error());
    return Join(options, std::move(*terms), std::move(*token), *wait_ns).run();
}

}  // namespace stipend::cli
