// Event streams on their way from a worker to a client: what each hop makes of the lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/devnet/fine_wei.hpp"
#include "tests/devnet/message.hpp"

namespace stipend::devnet {

// Where a stream is over and the job's time is not, a node writes empty lines. Here so many bytes of them come at once,
// and some more now and then.
inline constexpr std::uint64_t orchestrator_blank_bytes = 4'000'000;
inline constexpr std::uint64_t gateway_blank_bytes = 2'000'000;
inline constexpr std::int64_t gateway_grace_s = 10;

[[nodiscard]] inline bool is_stream(std::string_view content_type) {
    return content_type.find("text/event-stream") != std::string_view::npos;
}

// The orchestrator's output for a worker's body: its lines up to the first that is longer than a Go scanner takes, with
// the balance in front of each line that says [DONE].
[[nodiscard]] std::string relayed_lines(std::string_view body, FineWei balance);

// The length of the part of an orchestrator's output that a gateway passes on: up to the first line that says [DONE],
// and that line; npos without one.
[[nodiscard]] std::size_t end_of_done(std::string_view body);

// Empty lines, then silence, for `hold_ns` together; the reply then ends in order.
[[nodiscard]] Flood blank_lines(std::uint64_t bytes, std::int64_t hold_ns);

}  // namespace stipend::devnet
