#include "host/config/environment.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>

#include "fake_environment.hpp"
#include "host/config/settings.hpp"

using namespace stipend;
using namespace stipend::config;

TEST_CASE("a file is read whole, up to a bound") {
    char path[] = "/tmp/stipend-environment-XXXXXX";
    const int file = ::mkstemp(path);
    REQUIRE(file >= 0);
    REQUIRE(::write(file, "text\n", 5) == 5);
    ::close(file);
    const ProcessEnvironment environment;
    CHECK(*environment.read_file(path, 5) == "text\n");
    CHECK(environment.read_file(path, 4).error().status == STIPEND_E_LIMIT);
    ::unlink(path);
    CHECK(environment.read_file(path, 5).error().message.ends_with(": No such file or directory"));
    CHECK(environment.read_file("/tmp", 5).error().message == "cannot read /tmp: Is a directory");
}

TEST_CASE("variables are read from the process") {
    CHECK(ProcessEnvironment().get("PATH").has_value());
    CHECK(!ProcessEnvironment().get("STIPEND_SURELY_NOT_SET").has_value());

    ::setenv("STIPEND_TEST_VARIABLE", "a=b", 1);
    const ProcessEnvironment before;
    ::setenv("STIPEND_TEST_VARIABLE", "changed", 1);
    ::setenv("STIPEND_TEST_LATER", "set", 1);
    CHECK(before.get("STIPEND_TEST_VARIABLE") == "a=b");
    CHECK(!before.get("STIPEND_TEST_LATER").has_value());
    ::unsetenv("STIPEND_TEST_VARIABLE");
    ::unsetenv("STIPEND_TEST_LATER");
}

TEST_CASE("an old name that is set but feeds nothing is reported") {
    FakeEnvironment environment;
    environment.variables = {{"PAYMENT_INTERVAL_SECONDS", "5"}, {"BASE_PAYMENT_USD", "7"}, {"PAYMENT_AMOUNT", "8"},
                             {"CAPABILITY_URL", "http://x"},    {"MANAGER_URL", ""},       {"UNRELATED", "1"}};
    Diagnostics diagnostics;
    const auto loaded = load_text("config.yaml", "", environment, diagnostics);
    CHECK(diagnostics.text() == "");
    // PAYMENT_AMOUNT is only asked where BASE_PAYMENT_USD is not set.
    CHECK(ignored_environment(loaded.names_read, environment) ==
          std::vector<std::string>{"PAYMENT_AMOUNT", "CAPABILITY_URL"});
}

TEST_CASE("an old name is reported where the file gives the value itself") {
    FakeEnvironment environment;
    environment.variables = {{"PAYMENT_INTERVAL_SECONDS", "5"}};
    Diagnostics diagnostics;
    const auto loaded = load_text("config.yaml", "payment: { interval: 60s }\n", environment, diagnostics);
    CHECK(ignored_environment(loaded.names_read, environment) == std::vector<std::string>{"PAYMENT_INTERVAL_SECONDS"});
}

TEST_CASE("published secrets are recognized, similar texts are not") {
    for (const auto* text : {"orch-secret", "LivepeerManager2025!Secure", "admin"}) CHECK(known_default_secret(text));
    for (const auto* text : {"", "Admin", "orch-secret ", "secret"}) CHECK(!known_default_secret(text));
}
