// The settings of a host, typed. They are values: a copy never changes.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/eth.hpp"
#include "host/config/node.hpp"
#include "host/config/status_settings.hpp"
#include "stipend/usd.hpp"

namespace stipend::config {

inline constexpr std::size_t max_orchestrators = 100'000;

enum class Role : std::uint8_t { manager, worker };
enum class LogLevel : std::uint8_t { trace, debug, info, warning, error, critical };
enum class Settlement : std::uint8_t { dry_run, accrue, ethereum };
enum class Discover : std::uint8_t { propose, watch };

enum class Isolate : std::uint8_t { none, process };

// A plugin and its configuration, which is checked against the plugin's own schema once that is loaded.
struct PluginRef {
    std::string plugin;  // a file's stem in the plugin folder, or a path that ends in .so
    std::string id;      // of the plugin inside the file; empty: the only one
    std::string sha256;  // the file must have this hash; empty: any
    Isolate isolate = Isolate::none;
    std::int64_t memory_bytes = 0;  // of the process, with `isolate: process`
    Tree config;                    // NULL: an empty mapping
    SourcePos pos;                  // the place of the reference, for errors about the plugin as a whole
};

// The factor of demand that policies are given: see dynamic-pricing.md. In parts per million, but for `every_ns`.
struct DemandFactor {
    std::int64_t every_ns = 0;
    std::int64_t target_ppm = 0;  // jobs per orchestrator in a cycle at which the factor is 1; 0: there is no factor
    std::int64_t floor_ppm = 0;
    std::int64_t ceiling_ppm = 0;
    std::int64_t damping_ppm = 0;
    std::int64_t step_ppm = 0;  // within any 24 hours
};

struct Payment {
    std::int64_t interval_ns = 0;
    Usd base;
    PluginRef policy;
    DemandFactor demand;
};

struct Price : PluginRef {
    std::int64_t max_age_ns = 0;
    Usd min;
    Usd max;
    std::int64_t max_step_ppm = 0;  // between two accepted rates, up or down: 2,000,000 is a factor of 2
    std::int64_t every_ns = 0;
};

// How jobs reach orchestrators. The limits are those of `dispatch`, and of all jobs.
struct Dispatch : PluginRef {
    std::string name;  // of one of `dispatchers`; empty: `dispatch`
    std::int64_t max_in_flight = 0;
    std::int64_t jobs_per_second = 0;               // of this host; 0: unlimited
    std::int64_t jobs_per_orchestrator_minute = 0;  // 0: unlimited
    std::int64_t deadline_ns = 300'000'000'000;     // of a job, by the host
};

struct Monitor : PluginRef {
    std::string name;
};

// A plugin that answers jobs on a worker, beside the first one.
struct WorkerPlugin : PluginRef {
    std::string name;
};

struct Limits {
    Usd accrual_per_orchestrator_day;
    Usd accrual_per_day;
    Eth fees_per_orchestrator_day;
    Eth fees_per_day;
};

enum class PayMode : std::uint8_t { single, batch, automatic };

enum class Stopped : std::uint8_t { no, yes };

// What is owed and paid on a chain: its coin, or a token.
struct Asset {
    std::string token;  // the contract, "0x" and 40 hex digits; empty: the coin
    std::int64_t decimals = 18;
    std::string symbol = "ETH";
    [[nodiscard]] bool is_token() const { return !token.empty(); }
    friend bool operator==(const Asset&, const Asset&) = default;
};

// How what is owed is paid on the chain, by a plugin; only where settlement is on.
struct Payouts : PluginRef {
    PayMode mode = PayMode::single;
    std::int64_t batch_most = 0;  // payouts of one batch
    std::string min;              // this and what may be paid are amounts of the asset: see units_of
    std::int64_t max_age_ns = 0;
    std::int64_t max_fee_ppm = 0;  // as a share of what is paid; of the coin alone
    Eth max_fee;                   // of one payment of a token; 0: not stated
    Eth max_gas_price;
    std::string per_payment;
    std::string per_payee_day;
    std::string per_day;  // 0: not stated
    std::int64_t max_day_factor = 0;
    std::int64_t every_ns = 0;
    std::int64_t look_every_ns = 0;
    std::int64_t resend_after_ns = 0;
    std::int64_t replace_after_ns = 0;
    std::int64_t confirmations = 0;
    Stopped stopped = Stopped::no;
};

// A chain and an asset on it, in which orchestrators are paid.
struct PaidNetwork {
    std::string name;  // of one of `networks`; empty: `network`
    std::int64_t chain_id = 0;
    Asset asset;
    Price price;      // of the asset
    Payouts payouts;  // of it
};

// How many of the last looks have to fail before they count: "2 of 3". Empty: each counts by itself.
struct DownAfter {
    int failed = 1;
    int looks = 1;
    friend bool operator==(const DownAfter&, const DownAfter&) = default;
};
// Nothing where the text is not "M of N" with 1 <= M <= N <= 20.
[[nodiscard]] std::optional<DownAfter> parse_down_after(std::string_view text);

struct Check {
    std::string name;     // unique among an orchestrator's; empty: the target
    std::string monitor;  // the name of a monitor
    std::string target;
    std::int64_t every_ns = 0;
    Tree options;            // laid over the monitor's own for this target; NULL: none
    std::string down_after;  // see DownAfter
    SourcePos target_pos;
    SourcePos pos;
};

// Time that is announced as down.
struct Maintenance {
    std::string name;
    std::string schedule;  // see Recurring
    std::string zone;
    std::int64_t duration_ns = 0;
    std::vector<std::string> orchestrators;  // ids; none: all
};

// Where the error budget of a target is used up too fast: `burn` times as fast as would use it up at the end of its
// month, over both stretches of time.
struct BurnAlert {
    std::int64_t long_ns = 0;
    std::int64_t short_ns = 0;
    std::int64_t burn_ppm = 0;  // 14,400,000: 14.4 times
    std::string severity;       // "warning" or "critical"
};

// The uptime that orchestrators are to have in a calendar month of UTC.
struct Sla {
    std::string name;                        // unique
    std::int64_t target_e6 = 0;              // percent, times 10^6: 99,500,000 is 99.5 %
    std::vector<std::string> orchestrators;  // ids or patterns of them; none: all of `capability`
    std::string capability;                  // a key of capabilities; empty: any
    std::int64_t credit_e6 = 0;              // of a month's pay where it is missed: percent, times 10^6; 0: none
    std::vector<BurnAlert> alerts;           // none: see burn_alerts_of
};

// Those of `sla`, or the common ones where it has none.
[[nodiscard]] std::vector<BurnAlert> burn_alerts_of(const Sla& sla);

struct Capability {
    std::string name;
    std::optional<Usd> base;  // nothing: payment.base
    Tree policy;              // laid over payment.policy.config; NULL: nothing
    std::string dispatch;     // as of an Orchestrator
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
    std::string network;                         // the name of one of `networks`; empty: `network`
    std::string dispatch;  // the name of one of `dispatchers`, or "dispatch"; empty: its capability's
    std::vector<Check> checks;
};

// What a worker watches beside its orchestrator.
struct WatchedService {
    std::string name;     // unique; with `*`, every service that matches it; empty in a file: that of compose or label
    std::string monitor;  // the name of a monitor
    std::string target;   // as the monitor takes it; empty: "docker:" and the name
    std::string compose;  // PROJECT/SERVICE instead of a target
    std::string label;    // KEY=VALUE instead of a target
    std::int64_t every_ns = 0;
    Tree options;            // as of a Check
    std::string down_after;  // as of a Check
    SourcePos target_pos;    // of the target, or of the option that gives it
    SourcePos pos;
};

// What the monitor of a service looks at.
[[nodiscard]] std::string endpoint_of(const WatchedService& service);

struct Services {
    std::vector<WatchedService> watch;
    std::string names;                // what is watched where `watch` is empty; empty after loading
    std::int64_t names_every_ns = 0;  // how often
    std::vector<std::string> ignore;  // names that patterns and discoveries pass over
    Discover discover = Discover::propose;
};

enum class Watch : std::uint8_t { off, on };
enum class PlainHttp : std::uint8_t { refused, accepted };

// PEM files by which a listener proves itself; empty: plain HTTP.
struct ListenerTls {
    std::string certificate;
    std::string key;
    std::string client_ca;  // empty: clients need no certificate
    friend bool operator==(const ListenerTls&, const ListenerTls&) = default;
};

// A service plugin with pages on the API's listener.
struct ApiPlugin : PluginRef {
    std::string prefix;  // "/ui/": its routes are below it
    // What cannot change while the host runs; the plugin itself may.
    friend bool operator==(const ApiPlugin& a, const ApiPlugin& b) { return a.prefix == b.prefix; }
};

// Access to the manager's API.
struct Api {
    std::string jwt_secret;      // empty: generated
    std::string jwt_key;         // a PEM file: signs instead of a secret; empty: none
    std::string admin_email;     // of the first administrator
    std::string admin_password;  // empty: generated
    std::int64_t token_lifetime_ns = 0;
    std::int64_t refresh_lifetime_ns = 0;
    std::vector<std::string> trusted_proxies;   // as IpRange takes them, as are the following
    std::vector<std::string> gateway_networks;  // none: this machine
    PlainHttp plain_http = PlainHttp::refused;  // beyond this machine
    std::string tls_certificate;                // PEM files, as are the following; empty: without TLS
    std::string tls_key;
    std::string tls_client_ca;  // empty: clients need no certificate
    std::string origin;         // http(s)://host:port by which clients reach it; empty: as it listens
    std::vector<ApiPlugin> plugins;
    friend bool operator==(const Api&, const Api&) = default;
};

enum class Enrollment : std::uint8_t { automatic, closed, approve };

enum class Proofs : std::uint8_t { optional, required };

// How orchestrators join over the API.
struct Registration {
    Enrollment mode = Enrollment::automatic;    // automatic: open where there is a secret
    std::string secret;                         // creates an id that is not approved; empty: none does
    std::vector<std::string> allowed_networks;  // that endpoints may lead to although they are not public
    std::string allowed_networks_text;          // the same, separated by commas; empty after loading
    std::string capability;                     // by which they are measured; empty: the dispatch plugin's own
    std::string dispatch;                       // as of an Orchestrator; where their capability names none
    Proofs proofs = Proofs::optional;
    std::int64_t proof_interval_ns = 0;     // how often one is due
    std::int64_t heartbeat_timeout_ns = 0;  // and how late it may be
    std::string webhook_ca;                 // PEM file: roots for webhooks of orchestrators; empty: the system's
    std::int64_t change_delay_ns = 0;       // so long waits a change of a proven payout address
    friend bool operator==(const Registration&, const Registration&) = default;

    [[nodiscard]] bool open() const {
        return mode == Enrollment::approve || (mode == Enrollment::automatic && !secret.empty());
    }
};

// The manager that a worker registers with by itself.
struct Membership {
    std::string url;              // as read_origin returns it; empty: none
    std::string orchestrator_id;  // empty in a file: host:port of the endpoint
    std::string endpoint;
    std::vector<std::string> service_addresses;
    std::string capabilities_text;  // separated by commas; empty after loading
    std::vector<std::string> capabilities;
    std::string payout_address;
    std::string secret;      // common to all newcomers; empty: the id is registered already
    std::string own_secret;  // empty: the one in the state folder
    std::string ca;          // PEM files, as are the following; empty: the system's authorities
    std::string client_certificate;
    std::string client_key;
    PlainHttp plain_http = PlainHttp::refused;  // beyond this machine
    friend bool operator==(const Membership&, const Membership&) = default;
};

enum class Severity : std::uint8_t { info, warning, critical };

// Time in which a receiver gets critical alerts only.
struct QuietHours {
    std::string schedule;  // see Recurring; empty: there are none
    std::string zone;
    std::int64_t duration_ns = 0;
};

// A plugin that carries alerts to people.
struct AlertReceiver : PluginRef {
    std::string name;
    std::int64_t per_minute = 20;
    std::int64_t deadline_ns = 0;
    QuietHours quiet;
};

struct AlertRoute {
    Severity severity = Severity::info;       // the least one
    std::string match;                        // ids of alerts, a name or a pattern; empty: all
    std::string kind, subject, orchestrator;  // labels, the same
    std::vector<std::string> receivers;
};

// The heads of the ledger that a manager signs, and keeps outside of it.
struct SignedHeads {
    std::int64_t every_ns = 0;
    std::string file;  // empty: in the state folder
    std::string url;   // that gets the newest; empty: none
    friend bool operator==(const SignedHeads&, const SignedHeads&) = default;
};

struct Alerts {
    std::vector<AlertReceiver> receivers;
    std::vector<AlertRoute> routes;  // none: every alert goes to every receiver
    std::int64_t repeat_ns = 0;
    std::int64_t group_wait_ns = 0;
};

struct Settings {
    Role role = Role::manager;
    std::string state;
    LogLevel log_level = LogLevel::info;
    PaidNetwork network;                // its chain is that of the ledger
    std::vector<PaidNetwork> networks;  // beside it
    Settlement settlement = Settlement::dry_run;
    std::string plugin_folder;              // empty: found from the executable
    std::vector<std::string> plugin_trust;  // public keys; none: unsigned plugins are taken
    Watch watch = Watch::off;               // of the configuration file
    Payment payment;
    Dispatch dispatch;
    std::vector<Dispatch> dispatchers;  // beside it, for the orchestrators that name one
    std::vector<Monitor> monitors;
    Limits limits;
    std::vector<Orchestrator> orchestrators;  // of the list, then of orchestrator_addresses
    std::vector<Capability> capabilities;
    std::string orchestrator_addresses;  // empty after loading: its entries are in `orchestrators`
    std::string metrics_listen;
    ListenerTls metrics_tls;
    std::string api_listen;  // of a manager, as is `api`
    Api api;
    Registration registration;  // of a manager
    SignedHeads signed_heads;   // of a manager
    Alerts alerts;
    std::vector<Maintenance> maintenance;
    std::vector<Sla> sla;              // of a manager
    StatusPage status;                 // of a manager
    std::vector<std::string> witness;  // what is looked at where all checks fail at once
    SourcePos witness_pos;
    Services services;                  // of a worker, as are the following
    PluginRef worker;                   // answers the jobs
    std::vector<WorkerPlugin> workers;  // so do these, each under a name of its own
    std::string worker_listen;          // where it does
    ListenerTls worker_tls;
    Membership membership;
    std::set<std::string> secret_paths;  // options whose value came from a file or a credential: never shown
};

// All on which orchestrators are paid: `network`, then `networks`. They are those of `settings`.
[[nodiscard]] std::vector<const PaidNetwork*> networks_of(const Settings& settings);
// An option of the network at that place of networks_of: of "price.min", "network.asset" or "payouts" for the first one
// the same, for the others "networks[0].price.min", "networks[0].asset", "networks[0].payouts".
[[nodiscard]] std::string network_option(std::size_t place, std::string_view option);
// The place of the network that the orchestrator is paid on; 0 where there is none of that name.
[[nodiscard]] std::size_t network_place(const Settings& settings, const Orchestrator& orchestrator);

// By which `dispatch` itself is named, where something else would count without a name.
inline constexpr std::string_view first_dispatcher = "dispatch";
// All by which jobs reach orchestrators: `dispatch`, then `dispatchers`. They are those of `settings`.
[[nodiscard]] std::vector<const Dispatch*> dispatchers_of(const Settings& settings);
// An option of the one at that place of dispatchers_of: of "config", "dispatch.config" or "dispatchers[0].config".
[[nodiscard]] std::string dispatch_option(std::size_t place, std::string_view option);
// The name of the one that sends the orchestrator's jobs: its own, or its capability's; empty: `dispatch`.
[[nodiscard]] std::string dispatcher_of(const Settings& settings, const Orchestrator& orchestrator);

// What one orchestrator is paid for a period at multiplier 1: its own base, its capability's, or the common one.
[[nodiscard]] Usd base_of(const Settings& settings, const Orchestrator& orchestrator);
// The policy's configuration for one orchestrator: payment.policy.config, overlaid by its capability's and its own.
// Where neither has an overlay, it is payment.policy.config itself and no copy is made. Never NULL.
[[nodiscard]] Tree policy_config(const Settings& settings, const Orchestrator& orchestrator);

}  // namespace stipend::config
