// Any bytes as an HTTP/1 answer to the byoc plugin: the head is read by the host's client, and what comes of it by the
// readers of jobs, tokens, funds and credentials. A reader of uptimes that builds the whole tree must agree.
#include <algorithm>
#include <array>
#include <string>

#include "answer.hpp"
#include "gateway_cli.hpp"
#include "host/http/header_lines.hpp"
#include "host/http/response_head.hpp"
#include "livepeer/credential.hpp"
#include "livepeer/token.hpp"
#include "livepeer/uptime.hpp"
#include "livepeer/wire.hpp"
#include "price.hpp"
#include "stipend/abi/dispatch.h"
#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"
#include "stipend/headers.hpp"
#include "stipend/json_parse.hpp"
#include "tests/fuzz/target.hpp"
#include "verdict.hpp"

using namespace byoc;
using stipend::Json;

namespace {

constexpr std::string_view address = "https://orch.example:8935";

struct Head {
    int status = 0;
    std::string fields;
    std::string error;  // empty: it is whole and well-formed
};

// RFC 9112: what is accepted has one framing, and fields that can be split again.
Head read_head(fuzz::Input& input) {
    stipend::http::ResponseHead head(4'096);
    Head out;
    std::uint64_t bytes = 0;
    while (!input.empty() && !head.complete()) {
        const auto rest = input.rest();
        const auto line = input.text(std::min(rest.find('\n'), rest.size() - 1) + 1);
        bytes += line.size();
        if (const auto error = head.take(line)) {
            out.error = error->message;
            FUZZ_REQUIRE(!out.error.empty());
            break;
        }
        FUZZ_REQUIRE(bytes <= 4'096);
    }
    out.status = head.status();
    FUZZ_REQUIRE(out.status == 0 || (out.status >= 100 && out.status <= 999));
    if (out.error.empty() && !head.complete()) out.error = "the head is cut off";
    out.fields = head.take_fields();
    const auto fields = stipend::http::parse_header_lines(out.fields);
    FUZZ_REQUIRE(fields.ok());
    std::size_t codings = 0;
    std::size_t lengths = 0;
    for (const auto& field : *fields) {
        FUZZ_REQUIRE(field.name == stipend::ascii::to_lower(field.name));
        FUZZ_REQUIRE(stipend::http::is_field_value(field.value));
        FUZZ_REQUIRE(stipend::find_header(out.fields, field.name).has_value());
        codings += field.name == "transfer-encoding" ? 1U : 0U;
        lengths += field.name == "content-length" ? 1U : 0U;
    }
    FUZZ_REQUIRE(codings <= 1 && (codings == 0 || lengths == 0 || !out.error.empty()));
    return out;
}

// The uptime of an answer whose whole tree is built.
std::optional<std::uint32_t> uptime_in_tree(std::string_view received) {
    const auto body = livepeer::json_text(received);
    if (!body) return std::nullopt;
    const auto answer = stipend::parse_json(*body, {.bytes = body->size()});
    if (!answer || !answer->is(Json::Kind::object)) return std::nullopt;
    const Json* found = nullptr;
    for (const char* name : {"overall_uptime_percentage", "service_uptime", "uptime_percentage"}) {
        if (found == nullptr) found = answer->find(name);
    }
    const auto* services = answer->find("services");
    if (found == nullptr && services != nullptr) found = services->find("uptime_percentage");
    if (found == nullptr || !found->is(Json::Kind::number)) return std::nullopt;
    const auto ppm = stipend::percent_to_ppm(found->text());
    return ppm ? std::optional(*ppm) : std::nullopt;
}

void check_uptime(std::string_view body) {
    const auto want = uptime_in_tree(body);
    const auto with = livepeer::read_uptime(body);
    const auto without = livepeer::read_uptime(body, false);
    FUZZ_REQUIRE(with.ok() == want.has_value() && without.ok() == want.has_value());
    if (!want) return;
    FUZZ_REQUIRE(with->ppm == *want && without->ppm == *want && *want <= 1'000'000);
    FUZZ_REQUIRE(with->window_s == without->window_s);
    FUZZ_REQUIRE(!without->evidence && !without->service_list);
    FUZZ_REQUIRE(with->evidence || !with->service_list);
}

void check_job(const stipend::HttpReply& reply) {
    Expected expected{.address = std::string(address), .service_addresses = {"https://other.example"}, .evidence = {}};
    const auto attempt = read_answer(reply, expected);
    FUZZ_REQUIRE(attempt.valid == attempt.reason.empty());
    FUZZ_REQUIRE(attempt.body.size() <= evidence_bytes && !attempt.verified);
    FUZZ_REQUIRE(attempt.orchestrator_responded == !attempt.served_by.empty());
    for (const char c : attempt.served_by) FUZZ_REQUIRE(c >= 0x20 && c < 0x7f);
    if (attempt.valid) {
        FUZZ_REQUIRE(attempt.http_status == 200 && reply.status == STIPEND_OK);
        FUZZ_REQUIRE(livepeer::same_address(attempt.served_by, address) ||
                     livepeer::same_address(attempt.served_by, "https://other.example"));
        FUZZ_REQUIRE(uptime_in_tree(reply.body()) == attempt.reported_ppm);
    }
    expected.signed_only = true;
    FUZZ_REQUIRE(!read_answer(reply, expected).valid);  // no worker's key is known
    if (attempt.valid) return;
    const GatewayWords words{.status = attempt.http_status, .body = attempt.body};
    FUZZ_REQUIRE(!is_gateway_not_found(attempt, words) || !attempt.orchestrator_responded);
    for (const auto is : {GatewayState::Is::well, GatewayState::Is::failing, GatewayState::Is::refusing}) {
        Case job{.attempts = {attempt, attempt}};
        const GatewayState gateway{attempt.orchestrator_responded ? GatewayState::Is::not_asked : is, "why", words};
        const auto verdict = judge(job, gateway);
        if (verdict.next == Verdict::Next::finish) {
            FUZZ_REQUIRE(verdict.outcome == STIPEND_JOB_FAILED || verdict.outcome == STIPEND_JOB_UNKNOWN);
            // No word of the orchestrator makes the payer's own failure of it.
            FUZZ_REQUIRE(!attempt.orchestrator_responded || verdict.outcome == STIPEND_JOB_FAILED);
        }
    }
}

void check_token(const stipend::HttpReply& reply) {
    const auto token = livepeer::read_token(reply);
    FUZZ_REQUIRE((token.said == livepeer::Token::Said::price) == token.why.empty());
    for (const char c : token.announced) FUZZ_REQUIRE(c >= 0x20 && c < 0x7f);
    for (const std::uint64_t most : {std::uint64_t{0}, std::uint64_t{1000}, UINT64_MAX >> 4}) {
        PriceRule rule{.max_price = most, .timeout_s = 3600};
        const auto verdict = judge_price(token, rule);
        FUZZ_REQUIRE((verdict.is == PriceVerdict::Is::good) == verdict.why.empty());
        if (verdict.is == PriceVerdict::Is::good) FUZZ_REQUIRE(!(stipend::Wei(most) < token.price));
        rule.max_fee = stipend::Wei(std::uint64_t{1'000'000});
        const auto bounded = judge_price(token, rule);
        FUZZ_REQUIRE(bounded.is != PriceVerdict::Is::good || verdict.is == PriceVerdict::Is::good);
        auto own = token;
        own.own_credential = true;
        static_cast<void>(overcharge(own, stipend::Wei(most), 1'500'000'000, most));
        FUZZ_REQUIRE(!overcharge(own, own.balance, 1'500'000'000, most));
        static_cast<void>(credit_refusal(token, rule, "7"));
    }
    static_cast<void>(explanation(token, "agent-net", true));
}

void check_gateway_port(std::string_view body) {
    if (const auto funds = read_funds(body)) {
        FUZZ_REQUIRE(!funds->text().empty() && !funds->too_low(std::min(funds->deposit, funds->reserve)));
    }
    // No signature of an input can be that of its address but one that was made with its key.
    for (const auto& credential : {livepeer::read_signer_answer(body), livepeer::parse_credential(body)}) {
        if (!credential) continue;
        for (const auto& text : {credential->json(), credential->header()}) {
            const auto again = livepeer::parse_credential(text);
            FUZZ_REQUIRE(again.ok() && again->address == credential->address);
            FUZZ_REQUIRE(again->signature == credential->signature);
        }
    }
    if (const auto endpoint = CliEndpoint::parse(body)) {
        FUZZ_REQUIRE(endpoint->url.starts_with("http://") && !endpoint->url.ends_with('/'));
    }
}

std::string from_base64(std::string_view text) {
    static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    FUZZ_REQUIRE(text.size() % 4 == 0);
    for (const char c : text) {
        if (c == '=') continue;
        const auto digit = digits.find(c);
        FUZZ_REQUIRE(digit != std::string_view::npos);
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out.push_back(static_cast<char>(bits >> count & 0xff));
    }
    return out;
}

// The header of a job to an address that was accepted names this address and no other.
void check_livepeer_header(std::string_view url) {
    if (!livepeer::check_url(url)) return;
    const auto header = stipend::parse_json(from_base64(livepeer::livepeer_header(url, "agent-net", 30)));
    FUZZ_REQUIRE(header.ok() && header->find("capability")->text() == "agent-net");
    const auto parameters = stipend::parse_json(header->find("parameters")->text());
    FUZZ_REQUIRE(parameters.ok());
    const auto& include = parameters->find("orchestrators")->find("include")->items();
    FUZZ_REQUIRE(include.size() == 2 && include[0].text() == livepeer::without_slash(url));
    FUZZ_REQUIRE(livepeer::same_address(include[1].text(), url));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const auto head = read_head(input);
    const auto body = input.rest();
    auto response = stipend::make_record<stipend_http_response>();
    response.http_status = head.status;
    response.headers = stipend::to_abi(head.fields);
    response.body = stipend::bytes_to_abi(body);
    response.peer = stipend::to_abi("192.0.2.1:443");
    response.total_ns = 1'000'000;
    const stipend::HttpReply reply{
        .status = head.error.empty() ? STIPEND_OK : STIPEND_E_UNAVAILABLE, .response = &response, .error = head.error};
    check_uptime(body);
    check_job(reply);
    check_token(reply);
    check_gateway_port(body);
    check_livepeer_header(reply.header("x-orchestrator-url"));
    return 0;
}
