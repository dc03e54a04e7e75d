#include <botan/base64.h>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/printable.hpp"
#include "livepeer/uptime.hpp"
#include "livepeer/wire.hpp"
#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"
#include "stipend/money.hpp"
#include "stipend/url.hpp"
#include "tools/jobs/commands.hpp"
#include "tools/jobs/once.hpp"
#include "tools/jobs/runner_call.hpp"
#include "tools/jobs/tls.hpp"
#include "tools/jobs/token.hpp"
#include "tools/jobs/way_options.hpp"

namespace stipend::jobs {
namespace {

constexpr std::size_t shown_body = 4'096;

// One way that a job went.
struct Sent {
    std::string way;
    std::string url;
    std::string header;  // the Livepeer header, decoded; empty without one
    std::string body;
    Once once;
    Judged judged;
    std::optional<RunnerCall> runner;  // of a call to a live runner
};

std::string decoded(std::string_view base64) {
    const auto bytes = Botan::base64_decode(base64.data(), base64.size());
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string authority_of(std::string_view url) {
    const auto parts = split_url(url);
    return parts ? std::string(parts->authority) : std::string();
}

Result<Sent> by_gateway(const Chosen& chosen, const Asked& asked, const std::string& body) {
    Sent out{.way = "gateway", .url = chosen.way.gateway + chosen.way.url_path(), .body = body};
    const auto head = head_of(chosen.way, authority_of(chosen.way.gateway), asked);
    constexpr std::string_view field = "Livepeer: ";
    const auto from = head.find(field) + field.size();
    out.header = decoded(std::string_view(head).substr(from, head.find("\r\n", from) - from));
    STIPEND_LET(tls, verifying_context(chosen.way.ca_file));
    STIPEND_SET(out.once, send_once(chosen.way.gateway, request_of(head, body), chosen.way.deadline_ns(), tls));
    const auto& ended = out.once.ended;
    out.judged = ended.outcome == Outcome::succeeded ? judge(ended.answer, asked, chosen.check)
                                                     : Judged{ended.outcome, ended.why};
    return out;
}

// A worker is no gateway: its answer has no name of an orchestrator.
Result<Sent> by_worker(const Chosen& chosen, const std::string& worker, const std::string& body) {
    STIPEND_TRY(livepeer::check_url(worker));
    const auto bare = std::string(livepeer::without_slash(worker));
    const auto path = chosen.way.url_path().substr(std::string_view("/process/request").size());
    Sent out{.way = "worker", .url = bare + path, .body = body};
    const auto head =
        cat("POST ", path, " HTTP/1.1\r\nHost: ", authority_of(bare), "\r\nContent-Type: application/json\r\n");
    STIPEND_LET(tls, verifying_context(chosen.way.ca_file));
    STIPEND_SET(out.once, send_once(bare, request_of(head, body), chosen.way.deadline_ns(), tls));
    const auto& ended = out.once.ended;
    out.judged = {ended.outcome, ended.why};
    if (ended.outcome != Outcome::succeeded) return out;
    auto named = ended.answer;
    named.served_by = bare;
    out.judged = judge(named, {}, chosen.check);
    return out;
}

Result<Sent> by_runner(const Chosen& chosen, const Asked& asked, const std::string& body) {
    STIPEND_LET(call, call_runner(chosen.way, chosen.terms, asked, body, chosen.check));
    Sent out{.way = "runner", .url = call.url, .body = body, .judged = call.judged};
    out.once.ended = {call.judged.outcome, call.judged.why, call.answer};
    out.once.took_ns = call.took_ns;
    out.runner = std::move(call);
    return out;
}

Result<Sent> by_dispatch(const Chosen& chosen, const Asked& asked, const std::string& body) {
    return chosen.by_runner ? by_runner(chosen, asked, body) : by_gateway(chosen, asked, body);
}

std::string uptime_of(const Sent& sent) {
    const auto uptime = livepeer::read_uptime(sent.once.ended.answer.body, false);
    return uptime ? ppm_to_percent(uptime->ppm) : std::string();
}

std::string took_text(const Sent& sent) {
    return scaled_text(sent.once.took_ns / ns_per_us, 3);
}

Json json_of(const RunnerCall& call) {
    auto out = Json::object();
    if (call.offer) {
        const auto& offer = *call.offer;
        const auto price = offer.price.value_or(Wei()).text();
        out.append("mode", offer.single_shot ? "single-shot" : "persistent").append("version", offer.version);
        out.append("capacity", offer.capacity).append("free_slots", offer.available);
        out.append("price_wei", price).append("unit", offer.unit);
    }
    out.append("paid_wei", call.paid.empty() ? "0" : call.paid);
    return out.append("session", call.session);
}

Json json_of(const Sent& sent) {
    const auto& answer = sent.once.ended.answer;
    const auto uptime = uptime_of(sent);
    auto out = Json::object();
    out.append("way", sent.way).append("url", sent.url);
    out.append("livepeer", sent.header.empty() ? Json() : Json(sent.header)).append("request", sent.body);
    out.append("class", name_of(sent.judged.outcome)).append("why", sent.judged.why);
    out.append("latency_ms", Json::of_number(took_text(sent))).append("status", answer.status);
    out.append("served_by", answer.served_by).append("balance_wei", answer.balance);
    out.append("uptime_percent", uptime.empty() ? Json() : Json::of_number(uptime));
    out.append("body", answer.body);
    return sent.runner ? out.append("runner", json_of(*sent.runner)) : out;
}

Json json_of(const Result<livepeer::Token>& token) {
    auto out = Json::object();
    if (!token) return out.append("problem", token.error().message);
    const bool priced = token->said == livepeer::Token::Said::price;
    out.append("price_wei_per_second", priced ? Json(token->price.text()) : Json());
    out.append("free_slots", token->tells_capacity ? Json(token->capacity) : Json());
    out.append("balance_wei", token->balance.text()).append("announced", token->announced);
    return out.append("problem", token->why);
}

void print(const RunnerCall& call) {
    if (call.offer) {
        const auto& offer = *call.offer;
        fmt::print(
            "  {:<10} {}, {} of {} slots free, {}\n", "runner", offer.single_shot ? "single-shot" : "persistent",
            offer.available, offer.capacity,
            !offer.price || offer.price->zero() ? std::string("free") : cat(offer.price->text(), " wei, ", offer.unit));
    }
    if (!call.paid.empty()) fmt::print("  {:<10} {} wei\n", "paid", call.paid);
    if (!call.session.empty()) fmt::print("  {:<10} {}\n", "session", printable_line(call.session));
}

void print(const Sent& sent) {
    const auto& answer = sent.once.ended.answer;
    const auto line = [](std::string_view name, const std::string& text) {
        if (!text.empty()) fmt::print("  {:<10} {}\n", name, printable_line(text));
    };
    fmt::print("{}\n", printable_line(cat(sent.way, " ", sent.url)));
    line("Livepeer", sent.header);
    line("request", sent.body);
    line("answer",
         answer.status == 0 ? std::string() : cat("status ", answer.status, " after ", took_text(sent), " ms"));
    if (sent.runner) print(*sent.runner);
    line("served by", answer.served_by);
    line("balance", answer.balance.empty() ? std::string() : answer.balance + " wei");
    line("body", answer.body.substr(0, shown_body));
    line("uptime", uptime_of(sent).empty() ? std::string() : uptime_of(sent) + " %");
    line("result", sent.judged.why.empty() ? std::string(name_of(sent.judged.outcome))
                                           : cat(name_of(sent.judged.outcome), ": ", sent.judged.why));
}

void print(const std::string& address, const Result<livepeer::Token>& token) {
    fmt::print("token of {}\n", address);
    if (!token || !token->why.empty()) {
        fmt::print("  {:<10} {}\n", "problem", printable_line(token ? token->why : token.error().message));
        return;
    }
    fmt::print("  {:<10} {} wei per second\n", "price", token->price.text());
    if (token->tells_capacity) fmt::print("  {:<10} {}\n", "free slots", token->capacity);
    fmt::print("  {:<10} {} wei\n  {:<10} {}\n", "balance", token->balance.text(), "announces", token->announced);
}

}  // namespace

int send(const SendOptions& options) {
    auto chosen = choose(options.way);
    if (!chosen) return refuse(chosen.error().message, exit_usage);
    if (chosen->by_runner && chosen->orchestrators.empty()) {
        return refuse("no orchestrator: want --orchestrator URL, since live runners have no gateway that chooses one",
                      exit_usage);
    }
    const auto credential = credential_from(options.credential);
    if (!credential) return refuse(credential.error().message, exit_usage);
    const auto body = chosen->body.empty() ? body_of(0) : chosen->body;
    std::vector<Sent> all;
    if (!options.worker.empty()) {
        auto sent = by_worker(*chosen, options.worker, body);
        if (!sent) return refuse(sent.error().message, exit_bad);
        all.push_back(std::move(*sent));
    }
    auto orchestrators = chosen->orchestrators;
    if (orchestrators.empty()) orchestrators.emplace_back();  // the gateway chooses
    for (const auto& asked : orchestrators) {
        auto sent = by_dispatch(*chosen, asked, body);
        if (!sent) return refuse(sent.error().message, exit_bad);
        all.push_back(std::move(*sent));
    }
    auto ways = Json::array();
    auto tokens = Json::object();
    bool good = true;
    for (const auto& sent : all) {
        good = good && sent.judged.outcome == Outcome::succeeded;
        options.json ? void(ways.push(json_of(sent))) : print(sent);
    }
    for (const auto& asked : chosen->by_runner ? std::vector<Asked>() : chosen->orchestrators) {
        const auto token = token_of(asked, chosen->way.capability, *credential);
        options.json ? void(tokens.append(asked.address, json_of(token))) : print(asked.address, token);
    }
    if (options.json) {
        fmt::print("{}\n", Json::object().append("ways", std::move(ways)).append("tokens", std::move(tokens)).dump());
    }
    return good ? exit_good : exit_bad;
}

}  // namespace stipend::jobs
