#include <doctest/doctest.h>

#include "fake_environment.hpp"
#include "host/config/dump.hpp"
#include "host/config/load.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

struct Outcome {
    Settings settings;
    std::string diagnostics;
    std::vector<std::string> warnings;
};

Outcome outcome_of(const std::string& text, std::map<std::string, std::string> variables = {}) {
    FakeEnvironment environment;
    environment.variables = std::move(variables);
    Diagnostics diagnostics;
    auto loaded = load_text("f", text, environment, diagnostics);
    return {std::move(loaded.settings), diagnostics.text(), std::move(loaded.warnings)};
}

const std::string secret(32, 's');

}  // namespace

TEST_CASE("the API is on loopback, with access by what is generated, where the file does not mention it") {
    const auto found = outcome_of("state: ./var\n");
    CHECK(found.diagnostics == "");
    CHECK(found.settings.api_listen == "127.0.0.1:8010");
    CHECK(found.settings.api.jwt_secret.empty());
    CHECK(found.settings.api.admin_password.empty());
    CHECK(found.settings.api.admin_email == "admin@system.com");
    CHECK(found.settings.api.token_lifetime_ns == 900'000'000'000);
    CHECK(found.settings.api.plain_http == PlainHttp::refused);
    CHECK(outcome_of("role: worker\n").settings.api_listen.empty());
}

TEST_CASE("the names of the environment reach the API's options") {
    const auto found = outcome_of("{}", {{"API_LISTEN", "0.0.0.0:1"},
                                         {"API_PLAIN_HTTP", "true"},
                                         {"JWT_SECRET", secret},
                                         {"ADMIN_EMAIL", "a@b.example"},
                                         {"MANAGER_ADMIN_PASSWORD", "correct horse"}});
    CHECK(found.diagnostics == "");
    CHECK(found.settings.api_listen == "0.0.0.0:1");
    CHECK(found.settings.api.jwt_secret == secret);
    CHECK(found.settings.api.admin_email == "a@b.example");
    CHECK(found.settings.api.admin_password == "correct horse");
    CHECK(outcome_of("{}", {{"ADMIN_PASSWORD", "this one first"}, {"MANAGER_ADMIN_PASSWORD", "correct horse"}})
              .settings.api.admin_password == "this one first");
}

TEST_CASE("an API that others can reach is refused unless plain HTTP is accepted") {
    for (const auto* listen : {"0.0.0.0:8010", "[::]:8010", "localhost:8010", "172.23.0.7:8010"}) {
        const auto text = cat("listen: { api: \"", listen, "\" }\n");
        CHECK(outcome_of(text).diagnostics.find(cat("listen.api: got ", listen, ", want an address of this machine")) !=
              std::string::npos);
        CHECK(outcome_of(text + "api: { plain_http: true }\n").diagnostics == "");
    }
    CHECK(outcome_of("listen: { api: \"[::1]:8010\" }\n").diagnostics == "");
    CHECK(outcome_of("listen: { api: none, metrics: none }\n").diagnostics == "");
    CHECK(outcome_of("listen: { api: off }\n").diagnostics.find("or none") != std::string::npos);
}

TEST_CASE("the secrets of the API are shown nowhere, also where the file holds them as they are") {
    const auto good = outcome_of("api: { jwt_secret: \"" + secret + "\", admin_password: correct-horse }\n");
    CHECK(good.diagnostics == "");
    const auto shown = dump_yaml(good.settings) + dump_json(good.settings).dump();
    CHECK(shown.find(secret) == std::string::npos);
    CHECK(shown.find("correct-horse") == std::string::npos);
    const auto bad = outcome_of("api:\n  jwt_secret: too-short\n  admin_password: brief\n");
    CHECK(bad.diagnostics.find("api.jwt_secret: got 9 bytes, want at least 32") != std::string::npos);
    CHECK(bad.diagnostics.find("api.admin_password: got 5 bytes, want at least 8") != std::string::npos);
}

TEST_CASE("with a certificate others may reach the API, and certificate and key come together") {
    CHECK(outcome_of("listen: { api: \"0.0.0.0:1\" }\napi: { tls_certificate: c.pem, tls_key: k.pem }\n").diagnostics ==
          "");
    const auto has = [](const std::string& text, const std::string& message) {
        CHECK(outcome_of(text).diagnostics.find(message) != std::string::npos);
    };
    has("api: { tls_certificate: c.pem }\n", "api.tls_key: got nothing, want a file");
    has("api: { tls_key: k.pem }\n", "api.tls_certificate: got nothing, want a file");
    has("api: { tls_client_ca: ca.pem }\n", "api.tls_client_ca: got a file, want api.tls_certificate");
}

TEST_CASE("a published password of the administrator is refused where others can reach a listener") {
    const std::map<std::string, std::string> variables{{"ADMIN_PASSWORD", "LivepeerManager2025!Secure"}};
    CHECK(outcome_of("{}", variables).warnings.size() == 1);
    CHECK(outcome_of("listen: { api: \"0.0.0.0:1\" }\napi: { plain_http: true }\n", variables)
              .diagnostics.find("got a publicly known secret, while listen.api is 0.0.0.0:1") != std::string::npos);
}

TEST_CASE("what cannot be of the API's options is reported with its place") {
    const auto has = [](const std::string& text, const std::string& message) {
        const auto found = outcome_of(text).diagnostics;
        CAPTURE(found);
        CHECK(found.find(message) != std::string::npos);
    };
    has("api: { trusted_proxies: [10.0.0.1/8] }\n", "api.trusted_proxies[0]: got \"10.0.0.1/8\", want an address");
    has("api: { gateway_networks: [10.0.0.0/8, gateway] }\n", "api.gateway_networks[1]: got \"gateway\", want an");
    has("api: { admin_email: \"two words\" }\n", "api.admin_email: got \"two words\", want 1 to 254 ASCII");
    has("api: { token_lifetime: 1d, refresh_lifetime: 1h }\n",
        "api.refresh_lifetime: got less than api.token_lifetime");
    has("listen: { api: \"127.0.0.1:5\", metrics: \"0.0.0.0:5\" }\n",
        "listen.api: got 127.0.0.1:5, which listen.metrics");
    has("role: worker\nlisten: { api: \"127.0.0.1:5\" }\n", "unknown key \"api\"");
}
