// The routes of live streams, as far as a request without a job gets: the devnet plays no streams.
#pragma once

#include <optional>

#include "tests/devnet/message.hpp"
#include "tests/devnet/wire.hpp"

namespace stipend::devnet {

// The reply of the gateway's stream routes; none if `request` is for another route, or the era has no streams.
[[nodiscard]] std::optional<Reply> gateway_stream_reply(const Request& request, Era era);
// The same for an orchestrator's.
[[nodiscard]] std::optional<Reply> orchestrator_stream_reply(const Request& request, Era era);

}  // namespace stipend::devnet
