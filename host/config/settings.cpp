#include "host/config/settings.hpp"

#include "host/config/plugin_config.hpp"
#include "stipend/duration.hpp"
#include "stipend/money.hpp"

// The table of options. A default may name the environment variable that the Python deployment set for the same thing;
// docs/configuration.md and the JSON Schema are made from what stands here.
namespace stipend::config {
namespace {

constexpr std::int64_t second = ns_per_s;
constexpr std::int64_t hour = 3600 * ns_per_s;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t million_usd = 1'000'000 * e8;

Type any_usd() {
    return usd_type(0, 1000 * million_usd);
}

// The keys that every reference to a plugin has; `T` is a PluginRef or a struct that is one.
template <class T>
std::vector<Option> plugin_options(std::string_view fallback) {
    auto plugin = scalar<T>("plugin", &T::plugin, path_type(), fallback,
                            "A file's stem in the plugin folder, or a path that ends in .so.");
    if (fallback.empty()) plugin.required = true;
    return {
        std::move(plugin),
        scalar<T>("id", &T::id, id_type(), "", "The plugin's id, where its file holds several."),
        scalar<T>("sha256", &T::sha256, hex_type("a hash", "", 64), "",
                  "Refuse the file unless it has this SHA-256 hash."),
        tree<T>("config", &T::config, "The plugin's own configuration; `stipend plugins inspect` shows its schema."),
    };
}

template <class T>
Section plugin_section(std::string_view noun, std::string_view fallback, std::vector<Option> more) {
    Section out{.noun = noun, .options = plugin_options<T>(fallback)};
    for (auto& option : more) out.options.push_back(std::move(option));
    out.opened = [](void* object, Mark mark) { static_cast<T*>(object)->mark = mark; };
    return out;
}

const Section& payment_section() {
    static const Section policy = plugin_section<PluginRef>("a policy", "payment", {});
    static const Section out{
        .noun = "the payment settings",
        .options = {
            scalar<Payment>("interval", &Payment::interval_ns, duration_type(second, day, second),
                            "${PAYMENT_INTERVAL_SECONDS:-60}s", "The pay period."),
            scalar<Payment>("base", &Payment::base_usd_e8, usd_type(0, million_usd),
                            "${BASE_PAYMENT_USD:-${PAYMENT_AMOUNT:-10.0}} USD", "Pay for one period at multiplier 1."),
            section("policy", &Payment::policy, policy, "The plugin that decides what is owed."),
        }};
    return out;
}

const Section& price_section() {
    static const Section out = plugin_section<Price>(
        "the price source", "price",
        {
            scalar<Price>("max_age", &Price::max_age_ns, duration_type(second, day), "1h",
                          "An older rate holds all decisions."),
            scalar<Price>("min", &Price::min_usd_e8, any_usd(), "100 USD", "A lower USD/ETH rate holds all decisions."),
            scalar<Price>("max", &Price::max_usd_e8, any_usd(), "100000 USD",
                          "A higher USD/ETH rate holds all decisions."),
            scalar<Price>("max_step", &Price::max_step_ppm, factor_type(ppm_one, 1000 * ppm_one), "2",
                          "A rate further than this factor from the last accepted one holds all decisions."),
            scalar<Price>("every", &Price::every_ns, duration_type(second, day), "60s",
                          "How often the source is asked."),
        });
    return out;
}

const Section& dispatch_section() {
    static const Section out = plugin_section<Dispatch>(
        "the dispatch", "byoc",
        {
            scalar<Dispatch>("max_in_flight", &Dispatch::max_in_flight, integer_type(1, 65536), "256",
                             "Jobs under way at once; more wait."),
            scalar<Dispatch>("jobs_per_second", &Dispatch::jobs_per_second, integer_type(0, 1'000'000), "0",
                             "Jobs that this host starts in a second; more wait. 0: unlimited."),
            scalar<Dispatch>("jobs_per_orchestrator_minute", &Dispatch::jobs_per_orchestrator_minute,
                             integer_type(0, 1'000'000), "0",
                             "Jobs that one orchestrator gets in a minute; more wait. 0: unlimited."),
        });
    return out;
}

const Section& monitor_section() {
    static const Section out = plugin_section<Monitor>(
        "a monitor", "",
        {scalar<Monitor>("name", &Monitor::name, id_type(), "", "How checks refer to it.").as_required()});
    return out;
}

const Section& limits_section() {
    static const Section out{
        .noun = "the limits",
        .options = {
            scalar<Limits>("accrual_per_orchestrator_day", &Limits::accrual_per_orchestrator_day_usd_e8, any_usd(),
                           "20000 USD", "The most that one orchestrator can be owed for a day; beyond it is held."),
            scalar<Limits>("accrual_per_day", &Limits::accrual_per_day_usd_e8, any_usd(), "1000000 USD",
                           "The most that all of them together can be owed for a day; beyond it is held."),
        }};
    return out;
}

const Section& check_section() {
    static const Section out{
        .noun = "a check",
        .options = {
            scalar<Check>("monitor", &Check::monitor, id_type(), "", "The name of a monitor.").as_required(),
            scalar<Check>("target", &Check::target, text_type(1, 2048), "",
                          "What it looks at, as the monitor takes it.")
                .as_required(),
            scalar<Check>("every", &Check::every_ns, duration_type(second, hour), "60s", "How often it looks."),
        }};
    return out;
}

// The two keys of whatever may be paid by terms of its own.
template <class T>
std::vector<Option> terms_options() {
    return {
        scalar<T>("base", &T::base_usd_e8, usd_type(0, million_usd), "", "Instead of `payment.base`."),
        tree<T>("policy", &T::policy, "Keys laid over `payment.policy.config`, each replacing the whole value."),
    };
}

const Section& capability_section() {
    static const Section out{.noun = "a capability", .options = terms_options<Capability>()};
    return out;
}

std::vector<Option> orchestrator_options() {
    using O = Orchestrator;
    std::vector<Option> out{
        scalar<O>("address", &O::address, origin_type(), "", "Its service address, as the gateway knows it.")
            .as_required(),
        scalar<O>("id", &O::id, id_type(), "", "Its unique id in the ledger. By default host:port."),
        scalar<O>("name", &O::name, text_type(0, 128), "", "What people call it."),
    };
    for (auto& option : terms_options<O>()) out.push_back(std::move(option));
    out.push_back(scalars("service_addresses", &O::service_addresses, origin_type(),
                          "Other addresses under which it may answer."));
    out.push_back(scalar<O>("payout_address", &O::payout_address, hex_type("an address on the chain", "0x", 40), "",
                            "Where its pay goes."));
    out.push_back(
        scalar<O>("worker_key", &O::worker_key, hex_type("a public key", "", 64), "", "Its worker's public key."));
    out.push_back(scalar<O>("capability", &O::capability, id_type(), "",
                            "The capability it is measured by; one of `capabilities`."));
    out.push_back(list("checks", &O::checks, check_section(), "What this host checks of it by itself."));
    return out;
}

const Section& orchestrator_section() {
    static const Section out{.noun = "an orchestrator", .options = orchestrator_options()};
    return out;
}

// Mappings of one option, kept in Settings itself.
Section one_option(std::string_view noun, Option option) {
    return {.noun = noun, .options = {std::move(option)}};
}

const Section& log_section() {
    static const Section out = one_option(
        "the log settings", scalar<Settings>("level", &Settings::log_level,
                                             choice_type({"trace", "debug", "info", "warning", "error", "critical"}),
                                             "${LOG_LEVEL:-info}", "The least severe lines that are written."));
    return out;
}

const Section& network_section() {
    static const Section out = one_option(
        "the network", scalar<Settings>("chain_id", &Settings::chain_id, integer_type(1, std::int64_t{1} << 53),
                                        "42161", "The chain whose money is owed; 42161 is Arbitrum One."));
    return out;
}

const Section& plugins_section() {
    static const Section out =
        one_option("the plugin settings",
                   scalar<Settings>("folder", &Settings::plugin_folder, optional_path_type(), "",
                                    "Where plugins lie. Empty: `../lib/stipend/plugins` beside the program's folder."));
    return out;
}

const Section& service_section() {
    using S = WatchedService;
    static const Section out{
        .noun = "a service",
        .options = {
            scalar<S>("name", &S::name, text_type(1, 255), "",
                      "Its unique name; with `*`, every service whose name matches, and once found stays on the list.")
                .as_required(),
            scalar<S>("monitor", &S::monitor, id_type(), "docker", "The name of the monitor that looks at it."),
            scalar<S>("target", &S::target, text_type(0, 2048), "",
                      "What the monitor looks at. Empty: `docker:` and the name."),
            scalar<S>("every", &S::every_ns, duration_type(second, hour, second), "${CHECK_INTERVAL:-10}s",
                      "How often it is looked at."),
        }};
    return out;
}

const Section& services_section() {
    static const Section out{
        .noun = "the services",
        .options = {
            list("watch", &Services::watch, service_section(), "What is watched; its mean is the worker's uptime."),
            scalars("ignore", &Services::ignore, text_type(1, 255),
                    "Names that patterns and discoveries pass over, such as a container that was removed for good."),
            scalar<Services>("discover", &Services::discover, choice_type({"propose", "watch"}), "propose",
                             "What is done with a service that a monitor finds by itself: told, or watched as well."),
        }};
    return out;
}

const Section& worker_section() {
    static const Section out = plugin_section<PluginRef>("the worker", "byoc", {});
    return out;
}

const Section& worker_listen_section() {
    static const Section out{
        .noun = "the listeners",
        .options = {
            scalar<Settings>("worker", &Settings::worker_listen, listen_type(),
                             "${WORKER_LISTEN:-${SERVER_HOST:-127.0.0.1}:${SERVER_PORT:-9876}}",
                             "Where the orchestrator's jobs are answered."),
            scalar<Settings>("metrics", &Settings::metrics_listen, listen_type(), "${METRICS_LISTEN:-127.0.0.1:9109}",
                             "Where Prometheus reads the metrics."),
        }};
    return out;
}

const Section& listen_section() {
    static const Section out = one_option(
        "the listeners", scalar<Settings>("metrics", &Settings::metrics_listen, listen_type(),
                                          "${METRICS_LISTEN:-127.0.0.1:9108}", "Where Prometheus reads the metrics."));
    return out;
}

Option role_option() {
    return scalar<Settings>("role", &Settings::role, choice_type({"manager", "worker"}), "manager",
                            "`manager`: pays orchestrators; `worker`: measures the services beside one.");
}

std::vector<Option> worker_options() {
    using S = Settings;
    return {
        role_option(),
        scalar<S>("state", &S::state, path_type(), "${STATE_DIRECTORY:-./var}",
                  "The folder of all that survives a restart: what was seen, the worker's key, staged plugins."),
        group("log", log_section(), "What is written to the log."),
        group("plugins", plugins_section(), "Where plugins come from."),
        list("monitors", &S::monitors, monitor_section(), "Plugins by which services are watched."),
        section("services", &S::services, services_section(), "What is watched."),
        section("worker", &S::worker, worker_section(), "The plugin that registers with the network and answers jobs."),
        group("listen", worker_listen_section(), "The addresses on which this host listens."),
    };
}

std::vector<Option> settings_options() {
    using S = Settings;
    return {
        role_option(),
        scalar<S>("state", &S::state, path_type(), "${STATE_DIRECTORY:-./var}",
                  "The folder of the ledger and of all that survives a restart."),
        group("log", log_section(), "What is written to the log."),
        group("network", network_section(), "The network that is paid."),
        scalar<S>("settlement", &S::settlement, choice_type({"dry-run", "accrue"}), "dry-run",
                  "`dry-run`: nothing here will ever be paid; `accrue`: real debts, paid once settlement is on."),
        group("plugins", plugins_section(), "Where plugins come from."),
        section("payment", &S::payment, payment_section(), "What is paid, and how often."),
        section("price", &S::price, price_section(), "Where the USD/ETH rate comes from, and which rate is believed."),
        section("dispatch", &S::dispatch, dispatch_section(), "How jobs reach orchestrators."),
        list("monitors", &S::monitors, monitor_section(), "Plugins by which this host checks services itself."),
        section("limits", &S::limits, limits_section(), "Bounds on what can be owed, held before a debt exists."),
        list("orchestrators", &S::orchestrators, orchestrator_section(), "Who is paid; at most 100,000."),
        scalar<S>("orchestrator_addresses", &S::orchestrator_addresses, text_type(0, 1 << 20),
                  "${ORCHESTRATOR_ADDRESSES:-}",
                  "More orchestrators: addresses, separated by commas. One that `orchestrators` lists too stays as "
                  "that says."),
        table("capabilities", &S::capabilities, &Capability::name, capability_section(),
              "Terms for all orchestrators of a capability, by its name."),
        group("listen", listen_section(), "The addresses on which this host listens."),
    };
}

}  // namespace

const Section& settings_section(Role role) {
    static const Section manager{.noun = "the settings", .options = settings_options()};
    static const Section worker{.noun = "the settings of a worker", .options = worker_options()};
    return role == Role::worker ? worker : manager;
}

namespace {

const Capability* capability_of(const Settings& settings, const Orchestrator& orchestrator) {
    for (const auto& capability : settings.capabilities) {
        if (!orchestrator.capability.empty() && capability.name == orchestrator.capability) return &capability;
    }
    return nullptr;
}

}  // namespace

std::int64_t base_usd_e8(const Settings& settings, const Orchestrator& orchestrator) {
    if (orchestrator.base_usd_e8) return *orchestrator.base_usd_e8;
    const auto* capability = capability_of(settings, orchestrator);
    if (capability != nullptr && capability->base_usd_e8) return *capability->base_usd_e8;
    return settings.payment.base_usd_e8;
}

Tree policy_config(const Settings& settings, const Orchestrator& orchestrator) {
    const auto* capability = capability_of(settings, orchestrator);
    const auto common = overlay(settings.payment.policy.config, capability == nullptr ? nullptr : capability->policy);
    return overlay(common, orchestrator.policy);
}

}  // namespace stipend::config
