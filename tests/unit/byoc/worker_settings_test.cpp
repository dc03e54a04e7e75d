#include "worker_settings.hpp"

#include <doctest/doctest.h>

#include "stipend/json_parse.hpp"

namespace {

stipend::Result<byoc::WorkerSettings> parse(const std::string& more) {
    const auto json =
        stipend::parse_json(R"({"orchestrator":"https://127.0.0.1:9995/")" + (more.empty() ? "" : "," + more) + "}");
    REQUIRE(json.ok());
    return byoc::parse_worker_settings(*json);
}
std::string complaint(const std::string& more) {
    const auto settings = parse(R"("secret":"s",)" + more);
    return settings ? "accepted" : settings.error().path + ": " + settings.error().message;
}

}  // namespace

TEST_CASE("the orchestrator and its secret are enough") {
    const auto settings = parse(R"("secret":"orch-secret")");
    REQUIRE(settings.ok());
    CHECK(settings->orchestrator == "https://127.0.0.1:9995");
    CHECK(settings->orchestrator_id == "127.0.0.1:9995");
    CHECK(settings->capability == "agent-net");
    CHECK(settings->url == "http://localhost:9876");
    CHECK(settings->capacity == 16);
    CHECK(settings->price_per_unit == 0);
    CHECK(settings->price_scaling == 1);
    CHECK(settings->min_uptime_ppm == 800'000);
    CHECK(settings->window_s == 60);
    CHECK(settings->probe_every_ns == 10'000'000'000);
    CHECK(settings->trust.by == livepeer::ServerTrust::By::system);
    CHECK(settings->listener == "worker");
    CHECK(settings->registers);
}

TEST_CASE("a secret is wanted unless nothing is registered") {
    CHECK(parse("").error().message == "missing, want the orchestrator's -orchSecret (or register: false)");
    CHECK(parse("").error().path == "/secret");
    CHECK_FALSE(parse(R"("register":false)")->registers);
}

TEST_CASE("a pin may be written with colons, and excludes not verifying at all") {
    std::string colons;
    for (int i = 0; i < 32; ++i) colons += i == 0 ? "AB" : ":AB";
    const auto settings = parse(R"("secret":"s","pin_sha256":")" + colons + "\\n\"");
    REQUIRE(settings.ok());
    CHECK(settings->trust.value.size() == 64);
    CHECK(settings->trust.by == livepeer::ServerTrust::By::pin);
    CHECK(complaint(R"("tls":"none","pin_sha256":")" + colons + "\"") ==
          "/pin_sha256: got it beside tls, want one rule for the certificate");
    CHECK(complaint(R"("pin_sha256":"abcd")") ==
          "/pin_sha256: got 4 characters, want the SHA-256 of a certificate: 64 hex digits");
    CHECK(parse(R"("secret":"s","tls":"none")")->trust.by == livepeer::ServerTrust::By::any);
}

TEST_CASE("a certificate or roots may be named by a path, one rule at a time and for https only") {
    const auto by = [](const std::string& more) { return parse(R"("secret":"s",)" + more)->trust; };
    CHECK(by(R"("orchestrator_cert":"/o/cert.pem")").by == livepeer::ServerTrust::By::certificate);
    CHECK(by(R"("orchestrator_cert":"/o/cert.pem")").value == "/o/cert.pem");
    CHECK(by(R"("orchestrator_ca":"/o/ca.pem")").by == livepeer::ServerTrust::By::ca_file);
    CHECK(complaint(R"("orchestrator_ca":"ca.pem")") == "/orchestrator_ca: got \"ca.pem\", want an absolute path");
    CHECK(complaint(R"("orchestrator_cert":"/c","orchestrator_ca":"/a")") ==
          "/orchestrator_ca: got it beside orchestrator_cert, want one rule for the certificate");
    const auto plain = byoc::parse_worker_settings(
        *stipend::parse_json(R"({"orchestrator":"http://127.0.0.1:9995","secret":"s","orchestrator_cert":"/c"})"));
    CHECK(plain.error().message == "got it for http://127.0.0.1:9995, want an https URL");
    CHECK(parse(R"("secret":"s")")->capacity_announced == 10'000);
}

TEST_CASE("each value is checked, and no secret is shown") {
    CHECK(complaint(R"("secret2":1)") == "accepted");  // the schema refuses what it does not know
    CHECK(complaint(R"("tls":"off")") == "/tls: got \"off\", want verify or none");
    CHECK(complaint(R"("capability":"a b")").starts_with("/capability: bad capability"));
    CHECK(complaint(R"("url":"localhost:9876")").starts_with("/url: bad URL"));
    CHECK(complaint(R"("capacity":0)") == "/capacity: got 0, want 1 .. 10000");
    CHECK(complaint(R"("price_scaling":0)").starts_with("/price_scaling: got 0"));
    CHECK(complaint(R"("token":"a b")") == "/token: got a blank in it, want none");
    CHECK(complaint(R"("token":"a\nb")") ==
          "/token: got 3 bytes, want at most 1024 characters of printable ASCII, and no line end");
    CHECK(complaint(R"("orchestrator_id":"a\nuptime_ppm=1000000")").starts_with("/orchestrator_id: got 20 bytes"));
    CHECK(parse(R"("secret":"s","orchestrator_id":"")")->orchestrator_id == "127.0.0.1:9995");
    CHECK(complaint(R"("min_uptime":100.1)").starts_with("/min_uptime: got 100.1"));
    CHECK(complaint(R"("window":"1500ms")") == "/window: got 1500ms, want whole seconds");
    CHECK(complaint(R"("window":"8d")") == "/window: got 8d, want 1s .. 7d");
    CHECK(complaint(R"("probe_every":"500ms")") == "/probe_every: got 500ms, want 1s .. 1h");
    CHECK(complaint(R"("key_seed":"secret")") ==
          "/key_seed: got 6 characters, want the seed of an Ed25519 key: 64 hex digits");
    CHECK(complaint(R"("description":")" + std::string(1025, 'x') + "\"") ==
          "/description: got 1025 bytes, want at most 1024");
}
