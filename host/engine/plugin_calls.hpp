// The kinds of plugins that the engine calls, as typed functions over one instance. Answers come on any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "host/engine/effects.hpp"
#include "host/engine/price_gate.hpp"
#include "host/plugin/instance.hpp"

namespace stipend::engine {

// The id of a job, unique among those under way. `ns` separates the jobs of two networks.
[[nodiscard]] std::string job_id(std::string_view ns, std::string_view key, std::uint64_t epoch, std::uint32_t attempt);
struct JobName {
    std::string_view key = {};  // of the orchestrator, within the id
    std::uint64_t epoch = 0;
    std::uint32_t attempt = 0;
};
// The inverse; none for any other text.
[[nodiscard]] std::optional<JobName> parse_job_id(std::string_view ns, std::string_view id);

// Sends a job through a dispatch plugin. A plugin that refuses or breaks its operation, or has not answered it within
// `deadline_ns`, is the payer's own: UNKNOWN.
void submit_job(plugin::Instance& dispatch, const JobSpec& job, const registry::Payee& payee, const std::string& ns,
                std::int64_t deadline_ns, std::function<void(JobResult)> done);

// What an orchestrator offers, as its dispatch plugin sees it now.
struct Offer {
    bool reachable = false;      // it has named its price; the rest is 0 otherwise
    std::int64_t capacity = 0;   // jobs at once; -1: not stated
    Wei price_per_s = {};        // of the coin
    std::string announced = {};  // the address by which it names itself; empty: none
    std::int64_t latency_ns = 0;
};
// Asks a dispatch plugin for it. INVALID: its answer is none.
void inspect_offer(plugin::Instance& dispatch, const registry::Payee& payee, std::int64_t deadline_ns,
                   std::function<void(Result<Offer>)> done);

// Asks a price plugin for USD per one of the asset with that symbol, until `within_ns` from now; `now` is monotonic.
void fetch_rate(plugin::Instance& price, const std::string& asset, stipend_mono_ns now, std::int64_t within_ns,
                std::function<void(Result<Quote>)> done);

}  // namespace stipend::engine
