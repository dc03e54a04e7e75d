#include "host/config/load.hpp"

#include <doctest/doctest.h>

#include "bad_file.hpp"
#include "fake_environment.hpp"
#include "host/config/plugin_config.hpp"
#include "stipend/duration.hpp"
#include "stipend/money.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

Settings loaded(std::string_view text, const FakeEnvironment& environment = {}) {
    Diagnostics diagnostics;
    auto out = load_text("config.yaml", std::string(text), environment, diagnostics);
    REQUIRE(diagnostics.text() == "");
    return std::move(out.settings);
}

// The file at the top of the tree, under an environment of the test's own.
Settings shipped(const FakeEnvironment& environment) {
    Diagnostics diagnostics;
    const std::string path = STIPEND_SOURCE_DIR "/config.yaml";
    auto text = ProcessEnvironment().read_file(path, 1 << 20);
    REQUIRE(text.ok());
    auto out = load_text(path, *text, environment, diagnostics);
    REQUIRE(diagnostics.text() == "");
    return std::move(out.settings);
}

}  // namespace

TEST_CASE("an empty file is a host with every default") {
    const auto settings = loaded("");
    CHECK(settings.state == "./var");
    CHECK(settings.log_level == LogLevel::info);
    CHECK(settings.network.chain_id == 42161);
    CHECK(settings.settlement == Settlement::dry_run);
    CHECK(settings.plugin_folder.empty());
    CHECK(settings.payment.interval_ns == 60 * ns_per_s);
    CHECK(settings.payment.base == Usd::of_e8(10 * e8));
    CHECK(settings.payment.policy.plugin == "payment");
    CHECK(settings.network.price.plugin == "price");
    CHECK(settings.network.price.max_age_ns == 3600 * ns_per_s);
    CHECK(settings.network.price.max_step_ppm == 2 * ppm_one);
    CHECK(settings.dispatch.plugin == "byoc");
    CHECK(settings.dispatch.max_in_flight == 256);
    CHECK(settings.limits.accrual_per_orchestrator_day == Usd::of_e8(20'000 * e8));
    CHECK(settings.limits.accrual_per_day == Usd::of_e8(1'000'000 * e8));
    CHECK(settings.limits.fees_per_orchestrator_day == Eth::of_gwei(10'000'000));
    CHECK(settings.limits.fees_per_day == Eth::of_gwei(100'000'000));
    CHECK(settings.orchestrators.empty());
    CHECK(settings.metrics_listen == "127.0.0.1:9108");
}

TEST_CASE("the shipped file gives the defaults of the old deployment") {
    const auto settings = shipped({});
    CHECK(settings.payment.interval_ns == 60 * ns_per_s);
    CHECK(settings.payment.base == Usd::of_e8(10 * e8));
    CHECK(plugin_json(settings.network.price.config) == R"({"usd_per_eth":2000.0})");
    CHECK(plugin_json(settings.payment.policy.config) ==
          R"({"table":"default","punishment_multiplier":2.0,"max_consecutive_failures":5})");
    CHECK(
        plugin_json(settings.dispatch.config) ==
        R"({"gateway":"http://livepeer-gateway:8935","capability":"agent-net","evidence":"any","price_unseen":"refuse"})");
}

TEST_CASE("the shipped file reads every old name that has an effect here") {
    FakeEnvironment environment;
    environment.variables = {{"PAYMENT_INTERVAL_SECONDS", "5"},
                             {"PAYMENT_AMOUNT", "7.5"},
                             {"ETH_TO_USD", "3000"},
                             {"MAX_CONSECUTIVE_FAILURES", "3"},
                             {"PUNISHMENT_MULTIPLIER", "1.5"},
                             {"CAPABILITY_NAME", "other"},
                             {"GATEWAY_URL", "http://g:1"},
                             {"ORCHESTRATOR_ADDRESSES", "https://172.23.0.7:9995/"},
                             {"LOG_LEVEL", "WARNING"},
                             {"STATE_DIRECTORY", "/var/lib/stipend"},
                             {"METRICS_LISTEN", "127.0.0.1:1"}};
    const auto settings = shipped(environment);
    CHECK(settings.payment.interval_ns == 5 * ns_per_s);
    CHECK(settings.payment.base == Usd::of_e8(750'000'000));
    CHECK(plugin_json(settings.network.price.config) == R"({"usd_per_eth":3000})");
    CHECK(plugin_json(settings.payment.policy.config) ==
          R"({"table":"default","punishment_multiplier":1.5,"max_consecutive_failures":3})");
    CHECK(plugin_json(settings.dispatch.config) ==
          R"({"gateway":"http://g:1","capability":"other","evidence":"any","price_unseen":"refuse"})");
    CHECK(settings.orchestrators.at(0).id == "172.23.0.7:9995");
    CHECK(settings.log_level == LogLevel::warning);
    CHECK(settings.state == "/var/lib/stipend");
    CHECK(settings.metrics_listen == "127.0.0.1:1");
}

TEST_CASE("ORCHESTRATOR_ADDRESSES adds orchestrators named by host and port") {
    FakeEnvironment environment;
    environment.variables["ORCHESTRATOR_ADDRESSES"] = "https://172.23.0.7:9995/, https://b,,";
    const auto settings = loaded("orchestrators: [{ address: \"https://a:1\", id: first }]\n", environment);
    REQUIRE(settings.orchestrators.size() == 3);
    CHECK(settings.orchestrators[0].id == "first");
    CHECK(settings.orchestrators[1].address == "https://172.23.0.7:9995");
    CHECK(settings.orchestrators[1].id == "172.23.0.7:9995");
    CHECK(settings.orchestrators[2].id == "b:443");
}

TEST_CASE("an address of the list and of ORCHESTRATOR_ADDRESSES is one orchestrator, with the settings of the list") {
    const auto settings = loaded(
        "orchestrators: [{ address: \"https://A:1\", id: first, base: 3 USD }]\n"
        "orchestrator_addresses: https://b:1, https://a:1/\n");
    REQUIRE(settings.orchestrators.size() == 2);
    CHECK(settings.orchestrators[0].id == "first");
    CHECK(settings.orchestrators[0].address == "https://A:1");
    CHECK(settings.orchestrators[0].base == Usd::of_e8(300'000'000));
    CHECK(settings.orchestrators[1].id == "b:1");
}

TEST_CASE("an orchestrator's terms are its own, else its capability's, else the common ones") {
    const auto settings = loaded(
        "payment: { base: 1 USD, policy: { config: { table: default, other: 1 } } }\n"
        "capabilities: { gpu: { base: 2 USD, policy: { table: gpu } } }\n"
        "orchestrators:\n"
        "  - { address: https://a:1 }\n"
        "  - { address: https://b:1, capability: gpu }\n"
        "  - { address: https://c:1, capability: gpu, base: 3.5 USD, policy: { table: own, more: x } }\n");
    const auto& all = settings.orchestrators;
    CHECK(base_of(settings, all[0]) == Usd::of_e8(1 * e8));
    CHECK(base_of(settings, all[1]) == Usd::of_e8(2 * e8));
    CHECK(base_of(settings, all[2]) == Usd::of_e8(350'000'000));
    CHECK(policy_config(settings, all[0]) == settings.payment.policy.config);
    CHECK(plugin_json(policy_config(settings, all[1])) == R"({"table":"gpu","other":1})");
    CHECK(plugin_json(policy_config(settings, all[2])) == R"({"table":"own","other":1,"more":"x"})");
}

TEST_CASE("a reference to a plugin keeps its place, its pin and its configuration") {
    const auto settings = loaded(
        "monitors:\n"
        "  - name: web\n"
        "    plugin: ./mine.so\n"
        "    id: org.example.web\n"
        "    sha256: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
        "    config: { deep: [1, { a: b }] }\n"
        "orchestrators: [{ address: \"https://a:1\", checks: [{ monitor: web, target: x, every: 5s }] }]\n");
    const auto& web = settings.monitors.at(0);
    CHECK(web.name == "web");
    CHECK(web.plugin == "./mine.so");
    CHECK(web.id == "org.example.web");
    CHECK(web.sha256.size() == 64);
    CHECK(web.pos == SourcePos{2, 5});
    CHECK(plugin_json(web.config) == R"({"deep":[1,{"a":"b"}]})");
    CHECK(settings.orchestrators.at(0).checks.at(0).every_ns == 5 * ns_per_s);
}

TEST_CASE("a key without a value, as where all below it is commented out, is an empty mapping or list") {
    const auto settings = loaded("orchestrators:\nmonitors:\npayment:\ncapabilities: ~\n");
    CHECK(settings.payment.interval_ns == 60 * ns_per_s);
    CHECK(settings.orchestrators.empty());
}

TEST_CASE("a default with a bad value from the environment is reported with the default") {
    FakeEnvironment environment;
    environment.variables["PAYMENT_INTERVAL_SECONDS"] = "soon";
    Diagnostics diagnostics;
    static_cast<void>(load_text("config.yaml", "log: {}\n", environment, diagnostics));
    REQUIRE(diagnostics.count() == 1);
    CHECK(diagnostics.sorted()[0].message ==
          "got \"soons\", want a duration from 1s to 1d in whole seconds, such as 60s (the default here is "
          "${PAYMENT_INTERVAL_SECONDS:-60}s)");
}

TEST_CASE("the usual spellings of a log level are read, in any case") {
    const std::pair<const char*, LogLevel> spellings[] = {
        {"WARN", LogLevel::warning},     {"Warning", LogLevel::warning},  {"err", LogLevel::error},
        {"ERROR", LogLevel::error},      {"FATAL", LogLevel::critical},   {"crit", LogLevel::critical},
        {"NOTSET", LogLevel::trace},     {"dbg", LogLevel::debug},        {"notice", LogLevel::info},
        {"information", LogLevel::info}, {"CRITICAL", LogLevel::critical}};
    for (const auto& [text, level] : spellings) {
        CAPTURE(text);
        FakeEnvironment environment;
        environment.variables["LOG_LEVEL"] = text;
        CHECK(loaded("", environment).log_level == level);
    }
    CHECK(diagnostics_of("log: { level: warm }\n").find("got \"warm\"") != std::string::npos);
}

TEST_CASE("a price that is asked for less often than it stays valid is reported") {
    CHECK(diagnostics_of("price:\n  max_age: 30s\n  every: 31s\n")
              .find("config.yaml:3:10: price.every: got more than price.max_age: 31s, want at most 30s") == 0);
    CHECK(diagnostics_of("price: { max_age: 30s, every: 30s }\n") == "");
}

TEST_CASE("a limit below the pay of one period is reported") {
    const std::string two = "orchestrators: [{ address: https://a:1 }, { address: https://b:1, base: 12 USD }]\n";
    CHECK(
        diagnostics_of("limits:\n  accrual_per_orchestrator_day: 11.99999999 USD\n" + two)
            .find(
                "config.yaml:2:33: limits.accrual_per_orchestrator_day: got 11.99999999 USD, want at least 12 USD, the "
                "pay of b:1 for one period") == 0);
    CHECK(diagnostics_of("limits:\n  accrual_per_day: 0 USD\n" + two).find("want at least 12 USD") !=
          std::string::npos);
    CHECK(diagnostics_of("limits: { accrual_per_orchestrator_day: 12 USD, accrual_per_day: 12 USD }\n" + two) == "");
    CHECK(diagnostics_of("limits: { accrual_per_day: 0 USD }\n") == "");  // nothing is paid yet
}

TEST_CASE("two listeners of a worker that exclude each other are reported") {
    const auto report = [](const std::string& worker, const std::string& metrics) {
        return diagnostics_of("role: worker\nlisten:\n  worker: \"" + worker + "\"\n  metrics: \"" + metrics + "\"\n");
    };
    CHECK(report("127.0.0.1:9876", "127.0.0.1:9876")
              .find("config.yaml:3:11: listen.worker: got 127.0.0.1:9876, which listen.metrics has already") == 0);
    CHECK(report("0.0.0.0:9876", "127.0.0.1:09876") != "");
    CHECK(report("[::1]:9876", "[::]:9876") != "");
    CHECK(report("127.0.0.1:9876", "127.0.0.2:9876") == "");
    CHECK(report("127.0.0.1:9876", "127.0.0.1:9877") == "");
    CHECK(report("127.0.0.1:0", "127.0.0.1:0") == "");
}

TEST_CASE("a listener's certificate and its key come together, and an authority of clients not alone") {
    const auto has = [](const std::string& options, const std::string& message) {
        for (const std::string role : {"worker", "manager"}) {
            const auto text = "role: " + role + "\nlisten: { " + options + " }\n";
            CHECK(diagnostics_of(text).find(message) != std::string::npos);
        }
    };
    has("metrics_tls_certificate: c.pem", "listen.metrics_tls_key: got nothing, want a file");
    has("metrics_tls_key: k.pem", "listen.metrics_tls_certificate: got nothing, want a file");
    has("metrics_tls_client_ca: ca.pem",
        "listen.metrics_tls_client_ca: got a file, want listen.metrics_tls_certificate and listen.metrics_tls_key");
    const std::string worker = "role: worker\nlisten:\n  worker_tls_certificate: c.pem\n";
    CHECK(diagnostics_of(worker).find("listen.worker_tls_key: got nothing") != std::string::npos);
    const auto whole = worker + "  worker_tls_key: k.pem\n  worker_tls_client_ca: ca.pem\n";
    CHECK(diagnostics_of(whole) == "");
    Diagnostics diagnostics;
    const auto settings = load_text("config.yaml", whole, FakeEnvironment(), diagnostics).settings;
    CHECK(settings.worker_tls == ListenerTls{"c.pem", "k.pem", "ca.pem"});
    CHECK(settings.metrics_tls == ListenerTls{});
}

TEST_CASE("a target of uptime is exact, and has the usual alerts where it has none of its own") {
    const auto settings = loaded(
        "capabilities: { agent: {} }\nsla:\n  - { name: gold, target: 99.95, capability: agent, credit: 2.5 }\n"
        "  - { name: tin, target: 90, alerts: [{ long: 2h, short: 10m, burn: 3.5, severity: critical }] }\n");
    REQUIRE(settings.sla.size() == 2);
    CHECK(settings.sla[0].target_e6 == 99'950'000);
    CHECK(settings.sla[0].credit_e6 == 2'500'000);
    const auto usual = burn_alerts_of(settings.sla[0]);
    REQUIRE(usual.size() == 3);
    CHECK(usual[0].burn_ppm == 14'400'000);
    CHECK(usual[2].long_ns == 3 * ns_per_day);
    const auto own = burn_alerts_of(settings.sla[1]);
    REQUIRE(own.size() == 1);
    CHECK(own[0].short_ns == 600 * ns_per_s);
    CHECK(own[0].burn_ppm == 3'500'000);
    CHECK(own[0].severity == "critical");
}

TEST_CASE("a target of uptime that cannot be meant is reported at its place") {
    const auto problem = [](const std::string& target) { return diagnostics_of("sla:\n  - " + target + "\n"); };
    CHECK(problem("{ name: gold, target: 99, capability: agent }")
              .find("sla[0].capability: got \"agent\", want one of `capabilities`") != std::string::npos);
    CHECK(problem("{ name: gold, target: 100 }").find("sla[0].target: got \"100\"") != std::string::npos);
    CHECK(problem("{ name: a, target: 99 }\n  - { name: a, target: 98 }")
              .find("sla[1].name: got \"a\", want a name that no other target has") != std::string::npos);
    CHECK(problem("{ name: a, target: 99, alerts: [{ long: 1h, short: 60m, burn: 2 }] }")
              .find("sla[0].alerts[0].short: got 3600s, want less than `long`, which is 3600s") != std::string::npos);
}

TEST_CASE("a window of maintenance that never comes is reported") {
    const auto report = [](const std::string& schedule) {
        return diagnostics_of("maintenance:\n  - schedule: " + schedule + "\n    duration: 1h\n");
    };
    CHECK(report("0 0 31 2 *")
              .find("config.yaml:2:15: maintenance[0].schedule: got \"0 0 31 2 *\", want a time that comes") == 0);
    CHECK(report("0 0 29 2 *") == "");
}

TEST_CASE("a state folder whose control socket would have too long a path is reported") {
    const std::string longest(94, 'a');  // 107 bytes with /control.sock
    CHECK(loaded("state: " + longest + "\n").state == longest);
    const auto report = diagnostics_of("role: worker\nstate: a" + longest + "\n");
    CHECK(report.find("config.yaml:2:8: state: got a path of 95 bytes, want at most 94") == 0);
}

TEST_CASE("the options that are asked for are read alone, at their places") {
    const std::string_view state[] = {"state"};
    const std::string_view ledger[] = {"state", "network"};
    CHECK(*only_options("# x\nstate: /a\nlog: {\nnetwork:\n  chain_id: 1\nrole: worker\n", state) ==
          "\nstate: /a\n\n\n\nrole: worker\n");
    CHECK(*only_options("state: /a\nlog: {\n'network':\n  chain_id: 1", ledger) ==
          "state: /a\n\n'network':\n  chain_id: 1\n");
    CHECK(*only_options("log: {\n", state) == "\n");           // the default holds
    CHECK_FALSE(only_options("{state: /a\n", state));          // no lines of their own
    CHECK_FALSE(only_options(" state: /a\nlog: {\n", state));  // perhaps meant
    CHECK_FALSE(only_options("", state));
}
