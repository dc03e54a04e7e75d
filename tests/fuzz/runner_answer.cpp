// Any bytes as what a live runner's orchestrator, a remote signer, and the orchestrator of a worker's heartbeat answer:
// the first line is the status, the rest the body. Nothing that is read leads to another address, into another header
// or path, or to a price that cannot be paid.
#include <algorithm>
#include <string>

#include "attempt.hpp"
#include "beat_wire.hpp"
#include "discovery.hpp"
#include "livepeer/runner_wire.hpp"
#include "signer.hpp"
#include "stipend/ascii.hpp"
#include "stipend/json_parse.hpp"
#include "tests/fuzz/target.hpp"

using namespace runner;
using stipend::Json;

namespace {

constexpr std::string_view app = "live/echo";
constexpr std::string_view address = "https://orch.example:8935";
constexpr std::string_view origin = "https://192.0.2.7:8935";

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// Of a header: no byte that ends it or begins another one.
bool is_header_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// A path that is appended to an address stays a path of it.
bool is_own_path(std::string_view path) {
    return path.starts_with('/') && path.find("/../") == std::string_view::npos && !path.ends_with("/..") &&
           path.find("//") == std::string_view::npos && is_header_value(path) &&
           path.find_first_of("?#\\@%:") == std::string_view::npos;
}

void check_offers(const stipend::HttpReply& reply) {
    const auto look = read_look(reply, app);
    FUZZ_REQUIRE(look.exchange.valid == look.exchange.reason.empty());
    if (!look.exchange.valid) return;
    for (const auto& offer : look.offers.runners) {
        FUZZ_REQUIRE(is_own_path(offer.path) && offer.path.starts_with("/apps/"));
        FUZZ_REQUIRE(offer.capacity >= 0 && offer.available >= 0);
        if (const auto cost = livepeer::first_cost(offer); cost && offer.price && !offer.price->zero()) {
            FUZZ_REQUIRE(!(*cost < *offer.price) && (offer.unit == "fixed" || offer.unit == "seconds"));
        }
    }
    const auto* chosen = livepeer::choose_runner(look.offers);
    const auto callable = std::count_if(look.offers.runners.begin(), look.offers.runners.end(),
                                        [](const auto& offer) { return offer.callable(); });
    FUZZ_REQUIRE((chosen != nullptr) == (callable != 0));
    if (chosen == nullptr) return;
    for (const auto& offer : look.offers.runners) {
        const bool alike = offer.callable() && offer.single_shot == chosen->single_shot &&
                           (offer.available > 0) == (chosen->available > 0);
        if (!alike) continue;
        const auto cost = livepeer::first_cost(offer);
        const auto least = livepeer::first_cost(*chosen);
        FUZZ_REQUIRE(!cost || (least && !(*cost < *least)));
    }
}

void check_session(std::string_view body) {
    const auto session = livepeer::read_runner_session(body, address, origin);
    if (!session) return;
    FUZZ_REQUIRE(is_own_path(session->control));
    FUZZ_REQUIRE(session->app.empty() ? !session->refusal.empty() : is_own_path(session->app));
}

// The demand of a payee goes to the payer's signer as text: it changes no other member of the question.
void check_demand(std::string_view body) {
    const auto demand = livepeer::read_payment_demand(body);
    if (!demand) return;
    const auto question = stipend::parse_json(
        livepeer::payment_request_body(*demand, app, stipend::Wei(std::uint64_t{7}), "fixed"), {.bytes = 1 << 20});
    FUZZ_REQUIRE(question.ok() && question->find("maxPrice")->find("price")->text() == "7");
    FUZZ_REQUIRE(question->find("app")->text() == app && question->find("type")->text() == "fixed");
    FUZZ_REQUIRE(question->find("orchestrator")->text() == demand->params);
    FUZZ_REQUIRE(question->find("ManifestID")->text() == demand->manifest_id);
}

void check_payment(const stipend::HttpReply& reply) {
    const auto answer = read_signer_answer(reply);
    FUZZ_REQUIRE((answer.is == SignerAnswer::Is::paid) == answer.why.empty());
    if (answer.is != SignerAnswer::Is::paid) return;
    FUZZ_REQUIRE(!answer.payment.payment.empty() && is_header_value(answer.payment.payment));
    FUZZ_REQUIRE(!answer.payment.segment.empty() && is_header_value(answer.payment.segment));
}

void check_call(const stipend::HttpReply& reply) {
    for (const bool call : {false, true}) {
        const auto attempt = read_answer(reply, {.evidence = {}, .call = call});
        FUZZ_REQUIRE(attempt.valid == attempt.reason.empty());
        FUZZ_REQUIRE(attempt.body.size() <= evidence_bytes && !attempt.verified && attempt.reported_ppm <= 1'000'000);
        FUZZ_REQUIRE(!attempt.valid || (attempt.http_status == 200 && reply.status == STIPEND_OK));
    }
    FUZZ_REQUIRE(!read_answer(reply, {.evidence = {}, .signed_only = true}).valid);  // no worker's key is known
}

void check_beat(std::string_view body) {
    if (const auto beat = read_beat_answer(body)) {
        FUZZ_REQUIRE(!beat->runner_id.empty() && is_own_path("/" + beat->runner_id));
        FUZZ_REQUIRE(is_header_value(beat->secret));
        FUZZ_REQUIRE(beat->interval_ns >= least_interval_ns && beat->interval_ns <= longest_interval_ns);
    }
    if (const auto duration = read_go_duration(body)) FUZZ_REQUIRE(*duration >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto line = input.line();
    int status = 0;
    for (const char c : line.substr(0, 3)) status = c >= '0' && c <= '9' ? status * 10 + (c - '0') : 0;
    const auto body = input.rest();
    auto response = stipend::make_record<stipend_http_response>();
    response.http_status = status;
    response.body = stipend::bytes_to_abi(body);
    response.peer = stipend::to_abi("192.0.2.1:443");
    response.total_ns = 1'000'000;
    const stipend::HttpReply reply{
        .status = status == 0 ? STIPEND_E_UNAVAILABLE : STIPEND_OK, .response = &response, .error = "no answer"};
    check_offers(reply);
    check_session(body);
    check_demand(body);
    check_payment(reply);
    check_call(reply);
    check_beat(body);
    FUZZ_REQUIRE(is_plain(livepeer::error_text(body)));
    return 0;
}
