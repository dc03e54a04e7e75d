// One instance of a policy plugin, called through the C ABI. It is offered no service of the host.
#pragma once

#include <memory>
#include <span>
#include <string>

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
    std::int64_t min_next_ns;
};

class PolicyInstance {
  public:
    // Makes and starts one. `entry` outlives it (libraries are never unmapped); `shown_as` names its file in messages.
    static Result<std::unique_ptr<PolicyInstance>> create(const stipend_entry& entry, const Description& plugin,
                                                          const std::filesystem::path& shown_as,
                                                          const std::string& instance_name,
                                                          const std::string& config_json, const stipend_terms& terms);
    ~PolicyInstance();
    PolicyInstance(const PolicyInstance&) = delete;
    PolicyInstance& operator=(const PolicyInstance&) = delete;

    [[nodiscard]] const std::string& plugin_id() const { return plugin_id_; }
    [[nodiscard]] const std::string& plugin_version() const { return plugin_version_; }
    [[nodiscard]] std::uint32_t revision() const { return table_->revision; }
    [[nodiscard]] std::uint32_t memory_version() const { return table_->memory_version; }

    // Decides all of `in` into `out` (of the same length), each held to what a decision may be. [any] thread,
    // concurrently. On an error all of `out` is void.
    Result<void> decide(std::span<const stipend_sample> in, std::span<stipend_decision> out) const;
    Result<PolicyBounds> bounds(const stipend_terms& terms) const;

  private:
    PolicyInstance(const stipend_lifecycle_v1& lifecycle, const Description& plugin, std::string label);
    Result<void> decide_slice(std::span<const stipend_sample> in, std::span<stipend_decision> out) const;

    const stipend_lifecycle_v1* lifecycle_;
    std::string plugin_id_, plugin_version_;
    std::string label_;  // file and id, for messages
    stipend_host host_;
    stipend_instance* instance_ = nullptr;
    const stipend_policy_v1* table_ = nullptr;
};

}  // namespace stipend::plugin
