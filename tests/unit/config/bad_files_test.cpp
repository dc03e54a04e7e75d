#include <doctest/doctest.h>

#include "bad_file.hpp"

using namespace stipend::config;

TEST_CASE("all problems of a file are reported at once, in the order of their places") {
    CHECK(
        diagnostics_of("listen: { metrics: nowhere }\n"
                       "payment:\n"
                       "  base: 10\n"
                       "  intervall: 60s\n"
                       "log: { level: loud }\n") ==
        "config.yaml:1:20: listen.metrics: got \"nowhere\", want an address to listen on, such as 127.0.0.1:9108 or "
        "[::1]:9108, or none\n"
        "  listen: { metrics: nowhere }\n"
        "                     ^\n"
        "config.yaml:3:9: payment.base: got \"10\", want an amount with its unit, such as 10.00 USD\n"
        "    base: 10\n"
        "          ^\n"
        "config.yaml:4:3: payment: unknown key \"intervall\": want one of interval, base, policy, demand; did you mean "
        "\"interval\"?\n"
        "    intervall: 60s\n"
        "    ^\n"
        "config.yaml:5:15: log.level: got \"loud\", want one of trace, debug, info, warning, error, critical\n"
        "  log: { level: loud }\n"
        "                ^\n");
}

TEST_CASE("a file that cannot be read is a problem without a place") {
    Diagnostics diagnostics;
    static_cast<void>(load("missing.yaml", FakeEnvironment(), diagnostics));
    CHECK(diagnostics.text() == "missing.yaml: cannot read missing.yaml: No such file\n");
}

TEST_CASE("no message and no snippet shows the text of a secret") {
    const auto text = diagnostics_of(
        "payment: { interval: \"${cred:interval}\", base: \"${file:/creds/interval}\" }\n"
        "network: { chain_id: \"${cred:interval}\" }\n"
        "orchestrator_addresses: ${cred:interval}\n");
    CHECK(text.find("hunter2") == std::string::npos);
    CHECK(text.find("payment.interval: got <secret>, want a duration") != std::string::npos);
    CHECK(text.find("payment.base: got <secret>, want an amount") != std::string::npos);
    CHECK(text.find("entry 1: got <secret>") != std::string::npos);
    CHECK(text.find("  network: { chain_id: \"${cred:interval}\" }\n") != std::string::npos);
}

TEST_CASE("a file that is too large is refused before it is parsed") {
    FakeEnvironment environment;
    environment.files["big.yaml"] = std::string((std::size_t{64} << 20) + 1, '#');
    Diagnostics diagnostics;
    static_cast<void>(load("big.yaml", environment, diagnostics));
    CHECK(diagnostics.text() == "big.yaml: cannot read big.yaml: too large: got more than 67108864 bytes\n");
}
