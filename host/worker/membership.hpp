// A worker's membership at its manager: it registers by itself, and proves itself as often as the manager wants. All of
// it runs on the control thread in short turns; requests, the disk and the plugin answer later, so that no job waits
// for a manager. docs/worker.md describes it for operators.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/task.hpp"
#include "host/config/settings.hpp"
#include "host/http/client.hpp"
#include "host/worker/own_secret.hpp"
#include "stipend/abi/types.h"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::worker {

enum class MembershipState : std::uint8_t {
    off,           // there is no manager
    starting,      // its secret and its key are being read
    registering,   // no answer yet
    unapproved,    // registered; an administrator has to approve it
    approved,      // paid, as far as this worker knows
    disconnected,  // an administrator of the manager has disconnected it
    unreachable,   // tried again soon
    refused,       // the manager refuses it: tried again after a long while, or a reload
};
inline constexpr std::size_t membership_states = 8;
[[nodiscard]] std::string_view name_of(MembershipState state);

// What the plugin that answers jobs says of itself.
struct WorkerIdentity {
    std::string worker_key = {};       // the public half of what signs evidence
    std::string orchestrator_id = {};  // the id that evidence names; empty: none
};
// Of the plugin's report. STATE: it has no key yet.
[[nodiscard]] Result<WorkerIdentity> identity_of(std::string_view report);

struct MembershipParts {
    http::HttpClient* http = nullptr;       // outlives it
    std::function<void(Task)> post;         // runs work on the control thread later. [any]
    std::function<void(Task)> block;        // runs work that waits for the disk, elsewhere. [any]
    std::function<stipend_unix_ns()> now;   // [control]
    std::function<std::uint64_t()> random;  // [control]
    std::function<void(std::int32_t level, const std::string& text)> log;  // [control]
    // Asks the plugin; answers once, on the control thread.
    std::function<void(std::function<void(Result<WorkerIdentity>)>)> identify;
    std::function<std::filesystem::path()> folder;  // of the state. [control]
};

class Membership {
  public:
    static constexpr std::int64_t most_pause_ns = 30'000'000'000;            // between two tries of what may pass soon
    static constexpr std::int64_t refused_pause_ns = 900'000'000'000;        // of what was refused
    static constexpr std::int64_t most_wanted_pause_ns = 3'600'000'000'000;  // of Retry-After
    static constexpr std::int64_t challenge_age_ns = 240'000'000'000;        // an older one may have expired

    explicit Membership(MembershipParts parts) : parts_(std::move(parts)) {}
    ~Membership() { stop(); }
    Membership(const Membership&) = delete;
    Membership& operator=(const Membership&) = delete;

    // What is in force from now on; what was refused is tried again at once. [control], as are the following
    void set(const config::Membership& settings);
    // Does what is due; returns when it wants to be called again, if nothing answers before.
    std::optional<stipend_unix_ns> tick(stipend_unix_ns now);
    // Ends what is under way, and begins nothing more.
    void stop();

    [[nodiscard]] MembershipState state() const { return state_; }
    [[nodiscard]] stipend_unix_ns since() const { return since_; }            // of the state
    [[nodiscard]] const std::string& problem() const { return problem_; }     // empty: none
    [[nodiscard]] stipend_unix_ns last_proof() const { return last_proof_; }  // 0: none
    [[nodiscard]] bool has_manager() const { return !settings_.url.empty(); }
    // {"state", "since", "url", "orchestrator_id", "last_proof" or null, "payout_proven" or null, "problem" or null,
    // "waits_for", "next_at" or null}.
    [[nodiscard]] Json status() const;

  private:
    void load_secret();
    void identify();
    void send_registration();
    void send_proof();
    void registered(Result<void> sent, const http::HttpResponse& response, const std::string& as, bool by_common);
    void proven(Result<void> sent, const http::HttpResponse& response);
    void accept_registration(const http::HttpResponse& response, const std::string& as);
    void store_registered();
    // What an answer other than 200 means; `what` was refused.
    void refuse_or_retry(Result<void> sent, const http::HttpResponse& response, std::string_view what);
    void wait_for_key(std::string why);
    void refuse(std::string why);
    void try_later(std::string why, std::int64_t at_least_ns = 0);
    void set_state(MembershipState state);
    void say(std::int32_t level, const std::string& text);
    void send(std::string path, std::string body, std::string_view credential,
              std::function<void(Result<void>, const http::HttpResponse&)> done);
    [[nodiscard]] std::string registration_body(bool with_secret) const;
    [[nodiscard]] std::string_view own_secret() const;
    [[nodiscard]] std::string detail_of(const http::HttpResponse& response) const;
    [[nodiscard]] std::int64_t spread(std::int64_t ns) const;  // from half of it up to all of it
    // A callback that does nothing once the settings are others, or this is stopped.
    template <class Work>
    auto current(Work work);

    const MembershipParts parts_;
    config::Membership settings_;
    std::shared_ptr<const int> run_ = std::make_shared<int>(0);  // of the settings in force
    bool stopped_ = false;
    bool busy_ = false;          // something is under way
    std::uint64_t request_ = 0;  // of the HTTP client; 0: none
    std::optional<OwnSecret> secret_;
    std::optional<WorkerIdentity> identity_;
    std::string registered_as_;  // what was sent last and accepted; empty: nothing
    bool tried_own_ = false;     // after the common secret was refused
    std::string challenge_;
    stipend_unix_ns challenge_at_ = 0;
    stipend_unix_ns proof_due_ = 0;
    stipend_unix_ns next_at_ = 0;
    unsigned failures_ = 0;  // in a row
    MembershipState state_ = MembershipState::off;
    stipend_unix_ns since_ = 0;
    stipend_unix_ns last_proof_ = 0;
    std::optional<bool> payout_proven_;
    std::string problem_;
    std::string said_;  // last, so that nothing is said twice
};

}  // namespace stipend::worker
