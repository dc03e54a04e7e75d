// The kinds of plugins that the engine calls, as typed functions over one instance. Answers come on any thread.
#pragma once

#include <functional>
#include <string>

#include "host/engine/effects.hpp"
#include "host/engine/price_gate.hpp"
#include "host/plugin/instance.hpp"

namespace stipend::engine {

// Sends a job through a dispatch plugin. A plugin that refuses or breaks its operation is the payer's own: UNKNOWN.
// `ns` keeps the job ids of two networks apart.
void submit_job(plugin::Instance& dispatch, const JobSpec& job, const registry::Payee& payee, const std::string& ns,
                std::function<void(JobResult)> done);

// Asks a price plugin for USD per ETH.
void fetch_rate(plugin::Instance& price, stipend_mono_ns deadline, std::function<void(Result<Quote>)> done);

}  // namespace stipend::engine
