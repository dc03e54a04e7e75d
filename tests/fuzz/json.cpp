// Any text as JSON: what is read is written and read again as the same tree, within the limits that were given, and its
// numbers keep their value.
#include "stipend/json.hpp"

#include <set>

#include "stipend/money.hpp"
#include "stipend/usd.hpp"
#include "tests/fuzz/target.hpp"

using namespace stipend;

namespace {

struct Extent {
    std::size_t depth = 0;
    std::size_t nodes = 1;
};

void check_decimal(const std::string& text) {
    FUZZ_REQUIRE(text.size() <= Decimal::max_text);
    const auto number = Decimal::parse(text);
    if (!number) {
        // It is JSON's grammar: only the exponent can be out of range.
        FUZZ_REQUIRE(text.find_first_of("eE") != std::string::npos);
        return;
    }
    FUZZ_REQUIRE(number->compare(*number) == 0);
    if (const auto again = Decimal::parse(number->text())) FUZZ_REQUIRE(number->compare(*again) == 0);
    for (const int places : {0, 4, 8, 9}) {
        const auto exact = number->exact_scaled(places);
        if (!exact) continue;
        const auto back = Decimal::parse(scaled_text(*exact, places));
        FUZZ_REQUIRE(back.ok() && back->compare(*number) == 0);
        if (places == 0) FUZZ_REQUIRE(number->compare(*exact) == 0);
    }
    for (const std::int64_t whole : {std::int64_t{0}, std::int64_t{100}, INT64_MIN, INT64_MAX}) {
        const auto other = Decimal::parse(std::to_string(whole));
        FUZZ_REQUIRE(number->compare(whole) == number->compare(*other));
        FUZZ_REQUIRE(other->compare(*number) == -number->compare(*other));
    }
    if (const auto ppm = percent_to_ppm(text)) FUZZ_REQUIRE(*ppm <= 1'000'000);
    if (const auto usd = Usd::parse(text)) FUZZ_REQUIRE(Usd::parse(usd->text()).ok());
    if (const auto wei = Wei::parse(text)) {
        FUZZ_REQUIRE(wei->text() == text);
        FUZZ_REQUIRE(Wei::from_abi(wei->to_abi()) == *wei);
    }
}

Extent extent_of(const Json& json) {
    Extent out;
    const auto take = [&](const Json& part) {
        const auto inner = extent_of(part);
        out.nodes += inner.nodes;
        out.depth = std::max(out.depth, inner.depth);
    };
    if (json.is(Json::Kind::number)) check_decimal(json.text());
    for (const auto& item : json.items()) take(item);
    std::set<std::string_view> keys;
    for (const auto& [key, value] : json.members()) {
        FUZZ_REQUIRE(keys.insert(key).second);
        FUZZ_REQUIRE(json.find(key) == &value);
        take(value);
    }
    if (json.is(Json::Kind::array) || json.is(Json::Kind::object)) ++out.depth;
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // As a value: written, it is one JSON text, which is the same where it is UTF-8.
    if (const auto quoted = parse_json(Json(text).dump())) {
        FUZZ_REQUIRE(quoted->is(Json::Kind::string));
        FUZZ_REQUIRE(quoted->text() == text);
    }
    constexpr JsonLimits small{.bytes = 1 << 10, .depth = 4, .nodes = 24};
    const auto json = parse_json(text);
    const auto within = parse_json(text, small);
    if (!json) {
        FUZZ_REQUIRE(!within.ok() && json.error().status < 0 && !json.error().message.empty());
        return 0;
    }
    const auto extent = extent_of(*json);
    FUZZ_REQUIRE(within.ok() == (size <= small.bytes && extent.depth <= small.depth && extent.nodes <= small.nodes));
    if (within) FUZZ_REQUIRE(*within == *json);
    const auto written = json->dump();
    const auto again = parse_json(written, {.bytes = written.size()});
    FUZZ_REQUIRE(again.ok() && *again == *json);
    FUZZ_REQUIRE(again->dump() == written);
    return 0;
}
