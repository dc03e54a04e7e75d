#include "rate.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/json_pointer.hpp"

namespace price {

using stipend::cat;
using stipend::clip;
using stipend::fail;
using stipend::Json;
using stipend::Result;
using stipend::uint128;

namespace {

constexpr stipend::JsonLimits answer_json{.bytes = 64 << 10, .depth = 16, .nodes = 4'000};
constexpr std::int64_t most_ahead_ns = 60 * stipend::ns_per_s;  // clocks differ
constexpr std::int64_t first_ms = 100'000'000'000;              // a number beyond it counts milliseconds, not seconds
constexpr std::int64_t last_s = 9'000'000'000;                  // fits 64 bits as nanoseconds
constexpr std::size_t most_shown = 60;
// The first four bytes of the Keccak-256 of latestRoundData() and decimals().
constexpr std::string_view latest_round_data = "0xfeaf968c";
constexpr std::string_view decimals_call = "0x313ce567";
constexpr std::size_t word_bytes = 32;
constexpr std::size_t round_words = 5;  // roundId, answer, startedAt, updatedAt, answeredInRound
constexpr std::uint64_t most_decimals = 36;

Result<Rate> checked(const Source& source, std::int64_t rate_e8, stipend_unix_ns at, stipend_unix_ns now) {
    if (rate_e8 < 1 || rate_e8 > most_e8) {
        return fail(STIPEND_E_INVALID, "got a rate of ", stipend::scaled_text(rate_e8, places),
                    " USD, want one above 0 and at most 1000000000");
    }
    if (at > now + most_ahead_ns) return fail(STIPEND_E_INVALID, "its rate is of a time to come");
    if (now - at > source.max_age_ns) {
        return fail(STIPEND_E_INVALID, "its rate is ",
                    stipend::duration_text((now - at) / stipend::ns_per_s * stipend::ns_per_s), " old, want at most ",
                    stipend::duration_text(source.max_age_ns));
    }
    return Rate{rate_e8, std::min(at, now)};
}

const Json* at_pointer(const Json& json, const std::string& pointer) {
    const auto* value = stipend::value_at(json, pointer);
    const bool scalar = value != nullptr && (value->is(Json::Kind::number) || value->is(Json::Kind::string));
    return scalar ? value : nullptr;
}

Result<stipend_unix_ns> time_of(const Json& value) {
    const auto bad = [&] {
        return fail(STIPEND_E_INVALID, "its time: got \"", clip(value.text(), most_shown),
                    "\", want seconds or milliseconds since 1970");
    };
    if (const auto number = stipend::Decimal::parse(value.text())) {
        const auto whole = number->magnitude_scaled(0);
        if (!whole || number->negative()) return bad();
        if (*whole < last_s) {
            const auto ms = number->magnitude_scaled(3);
            if (!ms) return bad();
            return *ms * stipend::ns_per_ms;
        }
        if (*whole < first_ms || *whole / 1000 >= last_s) return bad();
        return *whole * stipend::ns_per_ms;
    }
    return bad();
}

using Word = std::array<std::uint8_t, word_bytes>;

// The result of a JSON-RPC answer: so many words of 32 bytes.
Result<std::vector<Word>> words_of(std::string_view body, std::size_t count) {
    STIPEND_LET(json, stipend::parse_json(body, answer_json));
    const auto* result = json.find("result");
    if (result == nullptr || !result->is(Json::Kind::string)) {
        const auto* error = json.find("error");
        const auto* message = error == nullptr ? nullptr : error->find("message");
        return fail(STIPEND_E_INVALID, "the node has no result",
                    message == nullptr ? std::string() : cat(": ", clip(message->text(), most_shown)));
    }
    std::vector<Word> out(count);
    std::vector<std::uint8_t> bytes(count * word_bytes);
    const std::string_view text = result->text();
    if (!text.starts_with("0x") || !stipend::hex_decode(text.substr(2), bytes)) {
        return fail(STIPEND_E_INVALID, "the contract returned other than ", count, " words of 32 bytes: no such feed");
    }
    for (std::size_t i = 0; i < count; ++i) {
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * word_bytes), word_bytes, out[i].begin());
    }
    return out;
}

// Nothing beyond 128 bits; so a negative number is none.
std::optional<uint128> number_of(const Word& word) {
    if (std::any_of(word.begin(), word.begin() + 16, [](std::uint8_t byte) { return byte != 0; })) return std::nullopt;
    uint128 out = 0;
    for (std::size_t i = 16; i < word_bytes; ++i) out = out << 8U | word[i];
    return out;
}

// x 10^(places - decimals), rounded down.
std::optional<std::int64_t> rescaled(uint128 value, std::uint64_t decimals) {
    constexpr auto most = static_cast<uint128>(std::numeric_limits<std::int64_t>::max());
    for (auto at = decimals; at > places; --at) value /= 10;
    for (auto at = decimals; at < places; ++at) {
        if (value > most) return std::nullopt;
        value *= 10;
    }
    if (value > most) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

Result<std::int64_t> chain_of(std::string_view body) {
    STIPEND_LET(json, stipend::parse_json(body, answer_json));
    const auto* result = json.find("result");
    const std::string_view text = result == nullptr ? std::string_view() : std::string_view(result->text());
    const auto digits = text.substr(std::min<std::size_t>(2, text.size()));
    if (!text.starts_with("0x") || digits.empty() || digits.size() > 15 || !stipend::is_hex(digits)) {
        return fail(STIPEND_E_INVALID, "the node does not say which chain it is of");
    }
    std::int64_t out = 0;
    for (const char digit : digits) out = out << 4 | stipend::hex_value(digit);
    return out;
}

std::int64_t middle(std::vector<std::int64_t> sorted) {
    std::sort(sorted.begin(), sorted.end());
    const auto high = sorted[sorted.size() / 2];
    if (sorted.size() % 2 == 1) return high;
    const auto low = sorted[sorted.size() / 2 - 1];
    return low + (high - low) / 2;
}

bool within(std::int64_t rate, std::int64_t median, std::uint32_t max_ppm) {
    const auto apart = static_cast<uint128>(rate > median ? rate - median : median - rate);
    return apart * stipend::ppm_one <= static_cast<uint128>(median) * max_ppm;
}

void add(std::string& list, std::string_view name, std::string_view what) {
    list += cat(list.empty() ? "" : ", ", name, " ", what);
}

}  // namespace

Result<Rate> read_json(const Source& source, std::string_view body, stipend_unix_ns now) {
    STIPEND_LET(json, stipend::parse_json(body, answer_json));
    const auto* value = at_pointer(json, source.value);
    if (value == nullptr) return fail(STIPEND_E_INVALID, "no number at ", source.value, " of its answer");
    STIPEND_LET(number, stipend::Decimal::parse(value->text()));
    const auto rate = number.magnitude_scaled(places);
    if (!rate || number.negative()) {
        return fail(STIPEND_E_INVALID, "got a rate of ", clip(value->text(), most_shown), ", want one above 0");
    }
    auto at = now;
    if (!source.time.empty()) {
        const auto* time = at_pointer(json, source.time);
        if (time == nullptr) return fail(STIPEND_E_INVALID, "no time at ", source.time, " of its answer");
        STIPEND_SET(at, time_of(*time));
    }
    return checked(source, *rate, at, now);
}

std::vector<std::string> feed_requests(const Source& source) {
    const auto call = [&](std::string_view data) {
        return cat(R"({"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":")", source.feed, R"(","data":")",
                   data, R"("},"latest"]})");
    };
    return {R"({"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]})", call(decimals_call),
            call(latest_round_data)};
}

Result<Rate> read_feed(const Source& source, const std::vector<std::string>& bodies, stipend_unix_ns now) {
    STIPEND_ASSERT(bodies.size() == 3);
    STIPEND_LET(chain, chain_of(bodies[0]));
    if (chain != source.chain_id) {
        return fail(STIPEND_E_INVALID, "its node is of the chain ", chain, ", want ", source.chain_id);
    }
    STIPEND_LET(decimals_word, words_of(bodies[1], 1));
    const auto decimals = number_of(decimals_word[0]);
    if (!decimals || *decimals > most_decimals)
        return fail(STIPEND_E_INVALID, "the feed has no decimals that make sense");
    STIPEND_LET(words, words_of(bodies[2], round_words));
    const auto round = number_of(words[0]);
    const auto answer = number_of(words[1]);
    const auto updated_s = number_of(words[3]);
    const auto answered_in = number_of(words[4]);
    if (!round || !answered_in || *answered_in < *round) {
        return fail(STIPEND_E_INVALID, "the newest round of the feed was not answered");
    }
    if (!updated_s || *updated_s == 0 || *updated_s >= static_cast<uint128>(last_s)) {
        return fail(STIPEND_E_INVALID, "the newest round of the feed is not complete");
    }
    const auto rate = answer ? rescaled(*answer, static_cast<std::uint64_t>(*decimals)) : std::nullopt;
    if (!rate) return fail(STIPEND_E_INVALID, "the feed's answer is no rate");
    return checked(source, *rate, static_cast<std::int64_t>(*updated_s) * stipend::ns_per_s, now);
}

Result<Agreed> agree(const std::vector<Answer>& answers, std::size_t quorum, std::uint32_t max_deviation_ppm) {
    Agreed out;
    std::vector<const Answer*> sound;
    std::vector<std::int64_t> rates;
    for (const auto& answer : answers) {
        if (!answer.rate) {
            add(out.left_out, answer.name, cat("(", answer.rate.error().message, ")"));
            continue;
        }
        sound.push_back(&answer);
        rates.push_back(answer.rate->usd_per_eth_e8);
    }
    if (sound.empty() || sound.size() < quorum) {
        return fail(STIPEND_E_UNAVAILABLE, sound.size(), " of ", answers.size(),
                    " sources of the price have one, want ", quorum, ": ", out.left_out);
    }
    const auto median = middle(rates);
    rates.clear();
    out.rate.observed_at = std::numeric_limits<stipend_unix_ns>::max();
    for (const auto* answer : sound) {
        const auto& rate = *answer->rate;
        const auto shown = stipend::scaled_text(rate.usd_per_eth_e8, places);
        if (!within(rate.usd_per_eth_e8, median, max_deviation_ppm)) {
            add(out.left_out, answer->name, cat(shown, " (too far from the others)"));
            continue;
        }
        rates.push_back(rate.usd_per_eth_e8);
        out.rate.observed_at = std::min(out.rate.observed_at, rate.observed_at);
        add(out.source, answer->name, shown);
    }
    if (rates.size() < quorum) {
        return fail(STIPEND_E_INVALID, "the sources of the price disagree: ", rates.size(), " of ", answers.size(),
                    " are within ", stipend::ppm_to_percent(max_deviation_ppm), " % of the median ",
                    stipend::scaled_text(median, places), ", want ", quorum, ": ", out.left_out,
                    out.source.empty() ? "" : ", ", out.source);
    }
    out.rate.usd_per_eth_e8 = middle(rates);
    return out;
}

}  // namespace price
