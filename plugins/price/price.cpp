#include "price.hpp"

#include <algorithm>

namespace price {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::Result;

namespace {

constexpr std::size_t longest_source = 128;  // of what is recorded with each decision

}  // namespace

Result<void> Price::fetch(std::string_view base, std::string_view quote, stipend_mono_ns deadline,
                          stipend::Completion<stipend_quote> done) {
    if (base != settings_.asset || quote != "USD") {
        return fail(STIPEND_E_UNSUPPORTED, "no such price: got ", base, " in ", quote, ", want ", settings_.asset,
                    " in USD");
    }
    const auto round = std::make_shared<Round>(
        Round{.done = std::move(done), .sources = std::vector<Asked>(settings_.sources.size()), .exchanges = {}});
    const auto left_ns = std::min(settings_.timeout_ns, deadline - host_.monotonic());
    const auto posted = host_.post([this, round, left_ns] {
        if (settings_.usd_per_eth_e8) {
            return finish(round->done, {*settings_.usd_per_eth_e8, host_.now()}, "fixed");
        }
        const auto op = round->done.op();
        rounds_.emplace(op, round);
        ++round->under_way;  // until all of them are asked
        const auto timeout_ms = std::max<std::int64_t>(left_ns / stipend::ns_per_ms, 1);
        for (std::size_t at = 0; at < settings_.sources.size(); ++at) {
            ask(round, at, static_cast<std::uint32_t>(timeout_ms));
        }
        ended(*round);
    });
    if (!posted) return fail(STIPEND_E_BUSY, "the host takes no work at the moment");
    return {};
}

void Price::ask(const std::shared_ptr<Round>& round, std::size_t at, std::uint32_t timeout_ms) {
    const auto& source = settings_.sources[at];
    const auto bodies = source.feed.empty() ? std::vector<std::string>{""} : feed_requests(source);
    round->sources[at].bodies.resize(bodies.size());
    for (std::size_t part = 0; part < bodies.size(); ++part) send(round, at, part, bodies[part], timeout_ms);
}

void Price::send(const std::shared_ptr<Round>& round, std::size_t at, std::size_t part, std::string_view body,
                 std::uint32_t timeout_ms) {
    const auto& source = settings_.sources[at];
    const auto headers = cat(source.headers, body.empty() ? "" : "Content-Type: application/json\r\n");
    const stipend::HttpRequest request{.method = body.empty() ? "GET" : "POST",
                                       .url = source.url,
                                       .headers = headers,
                                       .body = body,
                                       .timeout_ms = timeout_ms,
                                       .max_response_bytes = max_answer_bytes};
    auto sent = host_.http(request, [this, round, at, part](const HttpReply& reply) {
        auto& asked = round->sources[at];
        if (reply.status != STIPEND_OK) {
            // The client's message may hold the URL, and the URL a key.
            asked.fault = reply.status == STIPEND_E_LIMIT ? "its answer is too long" : "no answer";
        } else if (reply.http_status() != 200) {
            asked.fault = cat("status ", reply.http_status());
        } else {
            asked.bodies[part] = std::string(reply.body());
        }
        ended(*round);
    });
    if (!sent) {
        round->sources[at].fault = "cannot be asked";
        return;
    }
    ++round->under_way;
    round->exchanges.push_back(*sent);
}

Result<Rate> Price::rate_of(const Source& source, const Asked& asked) const {
    if (!asked.fault.empty()) return fail(STIPEND_E_UNAVAILABLE, asked.fault);
    return source.feed.empty() ? read_json(source, asked.bodies.front(), host_.now())
                               : read_feed(source, asked.bodies, host_.now());
}

void Price::ended(Round& round) {
    if (--round.under_way > 0 || !round.done.pending()) return;
    std::vector<Answer> answers;
    for (std::size_t at = 0; at < settings_.sources.size(); ++at) {
        const auto& source = settings_.sources[at];
        answers.push_back({source.name, rate_of(source, round.sources[at])});
    }
    auto agreed = agree(answers, settings_.quorum, settings_.max_deviation_ppm);
    auto done = std::move(round.done);
    rounds_.erase(done.op());
    if (!agreed) {
        auto error = std::move(agreed).error();
        error.permanent = error.status == STIPEND_E_INVALID;
        note(error.message);
        return done.fail(error);
    }
    note(agreed->left_out.empty() ? std::string() : cat("left out: ", agreed->left_out));
    finish(done, agreed->rate, stipend::clip(agreed->source, longest_source));
}

// A fault that lasts is one line.
void Price::note(std::string fault) {
    if (fault == noted_) return;
    if (!fault.empty()) host_.log(STIPEND_LOG_WARN, cat("price: ", fault));
    noted_ = std::move(fault);
}

void Price::finish(stipend::Completion<stipend_quote>& done, const Rate& rate, std::string_view source) const {
    auto record = stipend::make_record<stipend_quote>();
    record.mantissa = rate.usd_per_eth_e8;
    record.exponent = -places;
    record.base = stipend::to_abi(settings_.asset);
    record.quote = stipend::to_abi("USD");
    record.source = stipend::to_abi(source);
    record.observed_at = rate.observed_at;
    done.finish(record);
}

void Price::cancel(stipend_op op) {
    // [any]: the state of [pool] is only accessed there.
    static_cast<void>(host_.post([this, op] {
        const auto found = rounds_.find(op);
        if (found == rounds_.end()) return;
        const auto round = found->second;
        rounds_.erase(found);
        for (const auto exchange : round->exchanges) host_.cancel_http(exchange);
        round->done.fail(fail(STIPEND_E_CANCELLED, "cancelled"));
    }));
}

}  // namespace price
