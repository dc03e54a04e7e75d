// The settings of a host, typed. They are values: a copy never changes.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/base/eth.hpp"
#include "host/config/node.hpp"
#include "stipend/usd.hpp"

namespace stipend::config {

inline constexpr std::size_t max_orchestrators = 100'000;

enum class Role : std::uint8_t { manager, worker };
enum class LogLevel : std::uint8_t { trace, debug, info, warning, error, critical };
enum class Settlement : std::uint8_t { dry_run, accrue };
enum class Discover : std::uint8_t { propose, watch };

// A plugin and its configuration, which is checked against the plugin's own schema once that is loaded.
struct PluginRef {
    std::string plugin;  // a file's stem in the plugin folder, or a path that ends in .so
    std::string id;      // of the plugin inside the file; empty: the only one
    std::string sha256;  // the file must have this hash; empty: any
    Tree config;         // NULL: an empty mapping
    SourcePos pos;       // the place of the reference, for errors about the plugin as a whole
};

struct Payment {
    std::int64_t interval_ns = 0;
    Usd base;
    PluginRef policy;
};

struct Price : PluginRef {
    std::int64_t max_age_ns = 0;
    Usd min;
    Usd max;
    std::int64_t max_step_ppm = 0;  // between two accepted rates, up or down: 2,000,000 is a factor of 2
    std::int64_t every_ns = 0;
};

struct Dispatch : PluginRef {
    std::int64_t max_in_flight = 0;
    std::int64_t jobs_per_second = 0;               // of this host; 0: unlimited
    std::int64_t jobs_per_orchestrator_minute = 0;  // 0: unlimited
    std::int64_t deadline_ns = 300'000'000'000;     // of a job, by the host
};

struct Monitor : PluginRef {
    std::string name;
};

struct Limits {
    Usd accrual_per_orchestrator_day;
    Usd accrual_per_day;
    Eth fees_per_orchestrator_day;
    Eth fees_per_day;
};

struct Check {
    std::string monitor;  // the name of a monitor
    std::string target;
    std::int64_t every_ns = 0;
};

struct Capability {
    std::string name;
    std::optional<Usd> base;  // nothing: payment.base
    Tree policy;              // laid over payment.policy.config; NULL: nothing
};

struct Orchestrator {
    std::string address;                         // https://host:port, without a slash at its end
    std::string id;                              // unique; host:port where the file names none
    std::string name;                            // for display; may be empty
    std::optional<Usd> base;                     // nothing: its capability's, or payment.base
    Tree policy;                                 // laid over its capability's; NULL: nothing
    std::vector<std::string> service_addresses;  // what else it may announce; no other orchestrator has one of them
    std::string payout_address;                  // 0x and 40 digits; empty: none yet
    std::string worker_key;                      // 64 hex digits; empty: none yet
    std::string capability;                      // a key of capabilities; empty: the dispatch plugin's own
    std::vector<Check> checks;
};

// What a worker watches beside its orchestrator.
struct WatchedService {
    std::string name;     // unique; with `*`, every service that matches it
    std::string monitor;  // the name of a monitor
    std::string target;   // as the monitor takes it; empty: "docker:" and the name
    std::int64_t every_ns = 0;
};

struct Services {
    std::vector<WatchedService> watch;
    std::vector<std::string> ignore;  // names that patterns and discoveries pass over
    Discover discover = Discover::propose;
};

enum class Watch : std::uint8_t { off, on };

struct Settings {
    Role role = Role::manager;
    std::string state;
    LogLevel log_level = LogLevel::info;
    std::int64_t chain_id = 42161;
    Settlement settlement = Settlement::dry_run;
    std::string plugin_folder;  // empty: found from the executable
    Watch watch = Watch::off;   // of the configuration file
    Payment payment;
    Price price;
    Dispatch dispatch;
    std::vector<Monitor> monitors;
    Limits limits;
    std::vector<Orchestrator> orchestrators;  // of the list, then of orchestrator_addresses
    std::vector<Capability> capabilities;
    std::string orchestrator_addresses;  // empty after loading: its entries are in `orchestrators`
    std::string metrics_listen;
    Services services;                   // of a worker, as are the following
    PluginRef worker;                    // answers the jobs
    std::string worker_listen;           // where it does
    std::set<std::string> secret_paths;  // options whose value came from a file or a credential: never shown
};

// What one orchestrator is paid for a period at multiplier 1: its own base, its capability's, or the common one.
[[nodiscard]] Usd base_of(const Settings& settings, const Orchestrator& orchestrator);
// The policy's configuration for one orchestrator: payment.policy.config, overlaid by its capability's and its own.
// Where neither has an overlay, it is payment.policy.config itself and no copy is made. Never NULL.
[[nodiscard]] Tree policy_config(const Settings& settings, const Orchestrator& orchestrator);

}  // namespace stipend::config
