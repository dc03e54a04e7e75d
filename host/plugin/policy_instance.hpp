// One instance of a policy plugin, called through the C ABI. It is offered no service of the host.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "host/plugin/calls.hpp"
#include "host/plugin/description.hpp"
#include "stipend/abi/policy.h"
#include "stipend/duration.hpp"
#include "stipend/result.hpp"
#include "stipend/usd.hpp"

namespace stipend::plugin {

// Calls of the lifecycle that need no instance. An exception that comes through the ABI is an error that names the
// file.
Result<void> init_library(const stipend_entry& entry, const std::filesystem::path& shown_as);
// What the plugin says of a configuration: its own message, with the JSON pointer of the value.
Result<void> check_config(const stipend_entry& entry, const std::filesystem::path& shown_as,
                          const std::string& plugin_id, const std::string& config_json, const stipend_terms& terms);

struct PolicyBounds {
    Usd max_usd;
    std::int64_t min_next_ns = 0;
};

class PolicyInstance : public std::enable_shared_from_this<PolicyInstance> {
  public:
    // Makes and starts one. `entry` outlives it (libraries are never unmapped); `shown_as` names its file in messages.
    static Result<std::unique_ptr<PolicyInstance>> create(const stipend_entry& entry, const Description& plugin,
                                                          const std::filesystem::path& shown_as,
                                                          const std::string& instance_name,
                                                          const std::string& config_json, const stipend_terms& terms);
    // The same, guarded from the beginning: what takes longer than `patience_ns` is left behind. TIMEOUT.
    static Result<std::shared_ptr<PolicyInstance>> create_guarded(std::int64_t patience_ns, const stipend_entry& entry,
                                                                  const Description& plugin,
                                                                  const std::filesystem::path& shown_as,
                                                                  const std::string& instance_name,
                                                                  const std::string& config_json,
                                                                  const stipend_terms& terms);
    ~PolicyInstance();
    PolicyInstance(const PolicyInstance&) = delete;
    PolicyInstance& operator=(const PolicyInstance&) = delete;

    // From now on calls that take longer than `patience_ns` fail with TIMEOUT, and so do all that follow until the one
    // under way returns. Where another instance of the same code hangs, the patience is a 200th of that, so that many
    // of them do not add up. Before the first call; the instance is owned by a shared pointer from then on.
    void guard(std::int64_t patience_ns) { patience_ns_ = patience_ns; }
    // Why it cannot be asked at present: a call that does not return, or a plugin that is put aside. [any]
    [[nodiscard]] std::optional<std::string> trouble() const;

    [[nodiscard]] const std::string& plugin_id() const { return plugin_id_; }
    [[nodiscard]] const std::string& plugin_version() const { return plugin_version_; }
    [[nodiscard]] std::uint32_t revision() const { return table_->revision; }
    [[nodiscard]] std::uint32_t memory_version() const { return table_->memory_version; }

    // Decides all of `in` into `out` (of the same length), each held to what a decision may be. [any] thread,
    // concurrently. On an error all of `out` is void.
    Result<void> decide(std::span<const stipend_sample> in, std::span<stipend_decision> out) const;
    // The plugin is asked once for equal terms: its answer depends on nothing else. [any] thread, concurrently.
    Result<PolicyBounds> bounds(const stipend_terms& terms) const;

  private:
    // A call that did not return in time, until it does.
    struct Hanging {
        std::atomic<bool> now = false;
        std::atomic<const char*> call = "";
    };

    PolicyInstance(const stipend_entry& entry, const Description& plugin, const std::filesystem::path& shown_as,
                   std::string instance_name);
    // Runs `work` under the guard. What it refers to outlives a call that does not return.
    Result<void> guarded(const char* what, std::function<Result<void>()> work) const;
    Result<void> decide_all(std::span<const stipend_sample> in, std::span<stipend_decision> out) const;
    Result<PolicyBounds> ask_bounds_guarded(const stipend_terms& terms) const;
    Result<PolicyBounds> ask_bounds(const stipend_terms& terms) const;
    Result<void> decide_slice(std::span<const stipend_sample> in, std::span<stipend_decision> out) const;

    const stipend_lifecycle_v1* lifecycle_;
    std::string plugin_id_, plugin_version_;
    std::string label_;  // file and id, for messages
    bool aside_;         // its plugin is put aside: all calls fail
    const CallOwner& owner_;
    std::int64_t patience_ns_ = 0;  // 0: calls run on the caller's thread
    const std::shared_ptr<Hanging> hanging_ = std::make_shared<Hanging>();
    const std::shared_ptr<const stipend_host> host_;  // outlives a call that does not return
    stipend_instance* instance_ = nullptr;
    const stipend_policy_v1* table_ = nullptr;

    // By interval and base, of the first `max_known_bounds` terms that were asked for.
    static constexpr std::size_t max_known_bounds = 4096;
    mutable std::mutex bounds_mutex_;
    mutable std::map<std::pair<std::int64_t, std::int64_t>, PolicyBounds> known_bounds_;  // guarded by bounds_mutex_
};

}  // namespace stipend::plugin
