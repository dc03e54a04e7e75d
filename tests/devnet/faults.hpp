// How an orchestrator or the gateway misbehaves, and how a script or a tester says so in JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stipend/duration.hpp"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::devnet {

inline constexpr std::int64_t default_token_limit_ns = 500 * ns_per_ms;

// What goes wrong with an orchestrator's jobs. One at a time; Behaviour holds what can be combined with it.
enum class FaultKind : std::uint8_t {
    none,
    down,               // the token request is refused
    blackhole,          // the token request is never answered
    flap,               // down and well in turns
    error,              // the worker answers an error status
    status401,          // the worker answers 401: the capability is removed
    gateway_text,       // the worker answers 400 in the gateway's own words
    body,               // the worker answers 200 with another body
    worker_refused,     // the worker's port refuses: the capability is removed
    worker_truncated,   // the worker's body ends early
    unfinished_stream,  // the worker sends an event stream without its end
    empty200,           // the orchestrator's job route refuses
    hang,               // the orchestrator takes the job and never answers
    stall,              // the orchestrator answers a head, and the body never comes
    truncated,          // the orchestrator's body ends early
    reset,              // its token breaks the gateway's handler: the client's connection is reset
    closed,             // as reset, but the connection is closed in order
    cut,                // the body ends early on its way to the client
    endless,            // the body never ends
    huge,               // a valid body, padded to a size
    header_flood,       // the head never ends
    gzip,               // the worker's answer is compressed, or only says so
    redirect_loop,      // the worker redirects without end: the capability is removed
    runner_unhealthy,   // its live runners are hidden, as after a failed health check
    runner_full,        // its live runners have no free slot
    payment_refused,    // a call's payment is refused
    token_refused,      // the token route refuses every sender, in the words for one without a reserve
};

struct Fault {
    FaultKind kind = FaultKind::none;
    int status = 0;
    std::string text = {};
    std::uint64_t bytes = 0;
    std::int64_t up_ns = 0;
    std::int64_t down_ns = 0;
    std::uint32_t chance_percent = 100;  // of the jobs that it meets
    bool broken = false;                 // of gzip: it is not what it says
};

// A gateway's connection to a distant orchestrator. Over one that is open a token takes one round trip; over none, or
// one that was idle for longer than the limit, two more, which may be more than the gateway waits.
struct DistantLink {
    std::int64_t round_trip_ns = 200 * ns_per_ms;
    std::int64_t idle_limit_ns = 60 * ns_per_s;
    std::int64_t token_limit_ns = default_token_limit_ns;
};

struct Behaviour {
    Fault fault = {};
    std::optional<DistantLink> distance = {};     // none: beside the gateway
    std::optional<std::string> uptime = "100.0";  // JSON text, valid or not; none: the fields are left out
    std::string services = {};                    // the list that goes with it, as JSON text; empty: none
    std::int64_t slow_ns = 0;                     // the worker answers after
    std::int64_t token_slow_ns = 0;               // the token comes after
    std::string announce = {};                    // the service address it announces; empty: its own
    std::optional<std::int64_t> price_wei = {};   // per second; none: as registered
    bool unknown = false;                         // not in the gateway's pool
};

// One change to one orchestrator, as read from JSON: either a Fault, or one member of Behaviour, or an event.
struct FaultChange {
    enum class Verb : std::uint8_t {
        heal,  // back to a healthy orchestrator with a registered worker; the uptime it reports stays
        fault,
        uptime,
        slow,
        token_slow,
        announce,
        another,  // announces the address of orchestrator `number`
        price,
        unknown,
        capability_lost,
        new_certificate,
        crash,       // for `number` ns
        hold_slots,  // `number` of them
        cold_connection,
        end,  // of what `ended` began; no name in JSON
    };
    Verb verb = Verb::heal;
    Verb ended = Verb::heal;
    Fault fault = {};
    std::optional<std::string> text = {};
    std::string services = {};  // of the uptime
    DistantLink distance = {};
    std::int64_t number = 0;  // ns, wei, slots or an orchestrator's number
};

enum class GatewayFaultKind : std::uint8_t {
    none,
    down,
    hang,
    error,
    malformed,
    deposit_empty,  // no payment can be made
    funds,          // sets the account's deposit or reserve, and leaves the fault as it is
};

struct GatewayFault {
    GatewayFaultKind kind = GatewayFaultKind::none;
    int status = 500;
    std::string text = "Internal Server Error";
    std::optional<std::string> deposit_wei = {};  // of `funds`, digits
    std::optional<std::string> reserve_wei = {};
};

// Reads `"down"` or `{"kind":"slow","delay":"300ms"}`. INVALID names the unknown kind or key, with what is wanted.
[[nodiscard]] Result<FaultChange> parse_fault(const Json& json);
[[nodiscard]] Result<GatewayFault> parse_gateway_fault(const Json& json);

[[nodiscard]] std::string_view fault_name(FaultKind kind);
[[nodiscard]] std::string_view gateway_fault_name(GatewayFaultKind kind);
// All kinds with their parameters, one a line, for --help.
[[nodiscard]] std::string fault_help();

}  // namespace stipend::devnet
