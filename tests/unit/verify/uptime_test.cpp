#include <doctest/doctest.h>

#include <string>

#include "livepeer/evidence.hpp"
#include "stipend/money.hpp"
#include "tools/verify/orchestrator_steps.hpp"

using namespace stipend::verify;
using stipend::Json;

namespace {

const std::string seed(64, '7');

Question question() {
    return {.nonce_hex = "00ff", .from = 1'000, .to = 61'000, .window_s = 60};
}

livepeer::SigningKey signing_key() {
    return std::move(*livepeer::SigningKey::from_seed(seed));
}

Payee payee(const std::string& worker_key) {
    Payee out;
    out.id = "o1";
    out.worker_key = worker_key;
    return out;
}

livepeer::Evidence evidence() {
    return {.orchestrator_id = "o1",
            .nonce = "00ff",
            .period_from = "1000",
            .period_to = "61000",
            .uptime_ppm = 995'000,
            .window_s = 60,
            .coverage_ppm = 1'000'000,
            .services_sha256 = livepeer::services_hash({})};
}

std::string answer(const livepeer::Evidence& evidence) {
    return Json::object()
        .append("overall_uptime_percentage", Json::of_number("99.5"))
        .append("window_seconds", 60)
        .append("evidence", *livepeer::signed_evidence(evidence, signing_key()))
        .append("service_list", Json::array())
        .dump();
}

Found check(const std::string& body, const Payee& payee, bool signed_only = false) {
    std::uint32_t ppm = 0;
    auto out = check_uptime(body, question(), payee, signed_only, ppm);
    if (out.verdict == Verdict::pass) CHECK(ppm == 995'000);
    return out;
}

}  // namespace

TEST_CASE("an uptime that is signed by the worker's key passes") {
    const auto key = signing_key().public_hex();
    const auto found = check(answer(evidence()), payee(key), true);
    CHECK(found.verdict == Verdict::pass);
    CHECK(found.evidence == "99.5 % over 60 s, signed by " + key);
    CHECK(found.next.empty());
}

TEST_CASE("a key that the configuration does not have is named, with what to do") {
    const auto found = check(answer(evidence()), payee(""));
    CHECK(found.verdict == Verdict::pass);
    CHECK(found.evidence.ends_with("a key that no configuration has"));
    CHECK(found.next.starts_with("add worker_key to its entry"));
}

TEST_CASE("a signature by another key, or of another job, fails") {
    const auto key = signing_key().public_hex();
    CHECK(check(answer(evidence()), payee(std::string(64, 'a'))).verdict == Verdict::fail);
    auto other = evidence();
    other.nonce = "00fe";
    CHECK(check(answer(other), payee(key)).evidence.find("evidence.nonce: got 00fe, want 00ff") != std::string::npos);
    CHECK(check(answer(other), payee("")).verdict == Verdict::fail);
    other = evidence();
    other.uptime_ppm = 1'000'000;
    CHECK(check(answer(other), payee(key)).verdict == Verdict::fail);
    auto edited = answer(evidence());
    edited.replace(edited.find("99.5"), 4, "99.6");
    std::uint32_t ppm = 0;
    CHECK(check_uptime(edited, question(), payee(key), false, ppm).verdict == Verdict::fail);
}

TEST_CASE("an answer without a signature passes, unless one is demanded") {
    const std::string body = R"({"overall_uptime_percentage":99.5})";
    CHECK(check(body, payee("")).evidence == "99.5 %, not signed");
    CHECK(check(body, payee(""), true).verdict == Verdict::fail);
}

TEST_CASE("an answer without an uptime fails, and is shown without control characters") {
    const auto found = check("\x1b[2J", payee(""));
    CHECK(found.verdict == Verdict::fail);
    CHECK(found.evidence.find('\x1b') == std::string::npos);
}
