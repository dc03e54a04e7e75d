// What is signed, and how it is held to the job.
#include "livepeer/evidence.hpp"

#include <doctest/doctest.h>

#include "stipend/json_parse.hpp"

using namespace livepeer;
using stipend::Json;

namespace {

// RFC 8032, section 7.1, test 1.
const std::string seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const std::string public_key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

Evidence sample() {
    return {.orchestrator_id = "10.0.0.7:9995",
            .nonce = "01ab",
            .period_from = "1755529940000000000",
            .period_to = "1755530000000000000",
            .uptime_ppm = 714'285,
            .window_s = 60,
            .coverage_ppm = 1'000'000,
            .services_sha256 = std::string(64, '0')};
}
EvidenceWanted wanted() {
    return {.orchestrator_id = "10.0.0.7:9995",
            .nonce = "01ab",
            .period_from = "1755529940000000000",
            .period_to = "1755530000000000000",
            .asked_window_s = 60,
            .public_key = public_key};
}
Json signed_sample(const Evidence& evidence = sample(), const std::string& by = seed) {
    return *signed_evidence(evidence, *SigningKey::from_seed(by));
}
std::string verdict(const Json& evidence, const EvidenceWanted& want = wanted(), std::uint32_t reported_ppm = 714'285,
                    std::uint32_t reported_window_s = 60) {
    const auto result = check_evidence(evidence, want, {.ppm = reported_ppm, .window_s = reported_window_s});
    return result ? "good" : result.error().message;
}

}  // namespace

TEST_CASE("keys and signatures are those of RFC 8032") {
    const auto key = SigningKey::from_seed(seed);
    REQUIRE(key.ok());
    CHECK(key->public_hex() == public_key);
    const std::string signature =
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
        "2465"
        "5141438e7a100b";
    CHECK(*key->sign("") == signature);
    CHECK(is_signed_by("", signature, public_key));
    CHECK_FALSE(is_signed_by("x", signature, public_key));
    CHECK_FALSE(is_signed_by("", signature, seed));
    CHECK_FALSE(is_signed_by("", "zz", public_key));
    CHECK_FALSE(is_signed_by("", signature.substr(2), public_key));
}

TEST_CASE("a seed is 64 hex digits, and two random ones differ") {
    CHECK_FALSE(SigningKey::from_seed(seed.substr(2)).ok());
    CHECK(SigningKey::from_seed("not hex").error().message == "not a key: got 7 characters, want 64 hex digits");
    CHECK(*SigningKey::random_seed() != *SigningKey::random_seed());
    CHECK(SigningKey::from_seed(*SigningKey::random_seed()).ok());
}

TEST_CASE("the signed text names its domain and has one field on each line") {
    CHECK(canonical_text(sample()) ==
          "stipend.worker-evidence/1\norchestrator_id=10.0.0.7:9995\nnonce=01ab\n"
          "period_from=1755529940000000000\nperiod_to=1755530000000000000\nuptime_ppm=714285\nwindow_seconds=60\n"
          "coverage_ppm=1000000\nservices_sha256=0000000000000000000000000000000000000000000000000000000000000000\n");
}

TEST_CASE("the hash of the services does not depend on their order") {
    const std::string golden = "5a4a998b1a5a2833936ba0c6d858556b2fb214eecb6b808bddaf3fd697412cec";
    CHECK(services_hash({{"redis_scb", 1'000'000}, {"scb_gateway", 500'000}}) == golden);
    CHECK(services_hash({{"scb_gateway", 500'000}, {"redis_scb", 1'000'000}}) == golden);
    CHECK(services_hash({{"redis_scb", 1'000'000}, {"scb_gateway", 500'001}}) != golden);
    CHECK(services_hash({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("a name with line ends is not taken for two services") {
    const auto two = services_hash({{"a", 5}, {"b", 7}});
    for (const char* name : {"a 5\nb", "a 5\nb 7\n", "\na 5\nb", "b", "\n7\na 5\nb"}) {
        CAPTURE(name);
        CHECK(services_hash({{name, 7}}) != two);
    }
    CHECK(services_hash({{"a\nb", 7}}) != services_hash({{"\n3\na\nb", 7}}));
}

TEST_CASE("evidence that matches the job and the response is accepted, also after JSON") {
    CHECK(verdict(signed_sample()) == "good");
    CHECK(verdict(*stipend::parse_json(signed_sample().dump())) == "good");
    auto shouted = wanted();
    for (auto& c : shouted.public_key) c = static_cast<char>(std::toupper(c));
    CHECK(verdict(signed_sample(), shouted) == "good");
    auto no_window = wanted();
    no_window.asked_window_s = 0;
    CHECK(verdict(signed_sample(), no_window) == "good");
}

TEST_CASE("each mismatch is named") {
    auto other = wanted();
    other.orchestrator_id = "10.0.0.8:9995";
    CHECK(verdict(signed_sample(), other) ==
          "evidence.orchestrator_id: got 10.0.0.7:9995, want 10.0.0.8:9995 (orchestrator_id in the worker's "
          "configuration)");
    other = wanted();
    other.nonce = "02cd";
    CHECK(verdict(signed_sample(), other) == "evidence.nonce: got 01ab, want 02cd: it is no answer to this job");
    other = wanted();
    other.period_from = "1";
    CHECK(verdict(signed_sample(), other) == "evidence.period_from: got 1755529940000000000, want 1");
    other = wanted();
    other.period_to = "2";
    CHECK(verdict(signed_sample(), other) == "evidence.period_to: got 1755530000000000000, want 2");
    CHECK(verdict(signed_sample(), wanted(), 1'000'000) ==
          "evidence.uptime_ppm: got 714285, want 1000000, which is what the answer reports");
    CHECK(verdict(signed_sample(), wanted(), 714'285, 3600) ==
          "evidence.window_seconds: got 60, want 3600, which is what the answer reports");
    other = wanted();
    other.asked_window_s = 90;
    CHECK(verdict(signed_sample(), other) ==
          "evidence.window_seconds: got 60, want 90, which is what the job asked for");
    other = wanted();
    other.public_key = std::string(64, 'a');
    CHECK(verdict(signed_sample(), other) == "evidence.public_key: got " + public_key + ", want " +
                                                 std::string(64, 'a') + ", which is the worker_key of its entry");
    CHECK(verdict(signed_sample().set("version", 2)) == "evidence.version: got 2, want 1");
}

TEST_CASE("the list of services must be the signed one") {
    auto evidence = sample();
    evidence.services_sha256 = services_hash({{"a", 1'000'000}, {"b", 428'571}});
    const auto with_list = [&](std::string_view text) {
        const auto list = *stipend::parse_json(text);
        const auto result =
            check_evidence(signed_sample(evidence), wanted(), {.ppm = 714'285, .window_s = 60, .service_list = &list});
        return result ? "good" : result.error().message;
    };
    CHECK(with_list(R"([{"name":"b","uptime_percentage":42.8571},{"name":"a","uptime_percentage":100}])") == "good");
    CHECK(with_list(R"([{"name":"b","uptime_percentage":42.8572},{"name":"a","uptime_percentage":100}])")
              .starts_with("evidence.services_sha256: got " + evidence.services_sha256 + ", want "));
    CHECK(with_list(R"([{"name":"a","uptime_percentage":100}])").ends_with("the hash of the answer's service_list"));
    CHECK(with_list("{}") == "service_list: got an object, want a list");
    CHECK(with_list(R"([{"uptime_percentage":100}])") == "service_list[0]: want a name");
    CHECK(with_list(R"([{"name":"a","uptime_percentage":100},{"name":"b"}])") ==
          "service_list[1]: want an uptime_percentage in 0..100");
    CHECK(with_list(R"([{"name":"a","uptime_percentage":101}])") ==
          "service_list[0]: want an uptime_percentage in 0..100");
}

TEST_CASE("a field that changes after signing breaks the signature") {
    const std::string broken = "evidence.signature: it is not that of the worker's key over this evidence";
    CHECK(verdict(signed_sample().set("coverage_ppm", 999'999)) == broken);
    CHECK(verdict(signed_sample().set("services_sha256", "00")) == broken);
    CHECK(verdict(signed_sample().set("uptime_ppm", 1'000'000), wanted(), 1'000'000) == broken);
    CHECK(verdict(signed_sample().set("signature", "00")) == broken);
    // Another's signature under this key's name.
    const auto stranger = signed_sample(sample(), std::string(64, '1'));
    CHECK(verdict(signed_sample().set("signature", *stranger.find("signature"))) == broken);
}

TEST_CASE("evidence for a job without a nonce is rejected") {
    auto stale = sample();
    stale.nonce = "";
    auto want = wanted();
    want.nonce = "";
    CHECK(verdict(signed_sample(stale), want) == "evidence: the job had no nonce, so nothing shows that it is fresh");
}

TEST_CASE("malformed evidence is rejected with its first error") {
    CHECK(verdict("signed") == "evidence: got a string, want an object");
    CHECK(verdict(Json::object()) == "evidence.version: got nothing, want a whole number");
    CHECK(verdict(signed_sample().set("nonce", 1)) == "evidence.nonce: got a number, want a string");
    CHECK(verdict(signed_sample().set("uptime_ppm", Json::of_number("1.5"))) ==
          "evidence.uptime_ppm: got a number, want a whole number");
    CHECK(verdict(signed_sample().set("window_seconds", -1)) ==
          "evidence.window_seconds: got a number, want a whole number");
}
