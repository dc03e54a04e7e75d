// The reader of answers against one that builds the tree of the whole answer: the same results and the same words.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>

#include "livepeer/uptime.hpp"
#include "livepeer/wire.hpp"
#include "stipend/json.hpp"
#include "stipend/money.hpp"
#include "stipend/services_below.hpp"

using namespace livepeer;
using stipend::cat;
using stipend::Json;
using stipend::Result;

namespace {

const Json* find_uptime(const Json& answer, std::string_view& name) {
    static constexpr std::array<std::string_view, 3> names{"overall_uptime_percentage", "service_uptime",
                                                           "uptime_percentage"};
    for (const auto candidate : names) {
        name = candidate;
        if (const auto* found = answer.find(candidate)) return found;
    }
    name = "services.uptime_percentage";
    const auto* services = answer.find("services");
    return services == nullptr ? nullptr : services->find("uptime_percentage");
}

std::uint32_t window_in_tree(const Json& answer) {
    const auto* window = answer.find("window_seconds");
    if (window == nullptr || !window->is(Json::Kind::number)) return 0;
    const auto number = stipend::Decimal::parse(window->text());
    const auto seconds = number ? number->exact_scaled(0) : Result<std::int64_t>(0);
    const bool fits = seconds && *seconds > 0 && *seconds <= UINT32_MAX;
    return fits ? static_cast<std::uint32_t>(*seconds) : 0;
}

Result<Uptime> read_by_tree(std::string_view received) {
    STIPEND_LET(body, json_text(received));
    STIPEND_LET(answer, stipend::parse_json(body, {.bytes = body.size(), .depth = 32, .nodes = 100'000}));
    if (!answer.is(Json::Kind::object)) {
        return stipend::fail(STIPEND_E_INVALID, "the answer is ", answer.kind_name(),
                             ", want an object with an uptime");
    }
    std::string_view name;
    const auto* found = find_uptime(answer, name);
    if (found == nullptr) {
        return stipend::fail(STIPEND_E_INVALID,
                             "no uptime in the answer: want overall_uptime_percentage, service_uptime, "
                             "uptime_percentage or services.uptime_percentage");
    }
    if (!found->is(Json::Kind::number)) {
        const auto text = found->is(Json::Kind::string) ? cat("the string \"", printable(found->text(), 40), "\"")
                                                        : std::string(found->kind_name());
        return stipend::fail(STIPEND_E_INVALID, name, ": got ", text, ", want a number in 0..100");
    }
    auto ppm = stipend::percent_to_ppm(found->text());
    if (!ppm) {
        return stipend::fail(STIPEND_E_INVALID, name, ": got ", printable(found->text(), 40),
                             ", want a number in 0..100");
    }
    Uptime out{*ppm, window_in_tree(answer)};
    const auto* evidence = answer.find("evidence");
    if (evidence == nullptr || evidence->is(Json::Kind::null)) return out;
    out.evidence = *evidence;
    if (const auto* list = answer.find("service_list")) out.service_list = *list;
    return out;
}

// All that a result holds, as text.
std::string text_of(const Result<Uptime>& result, bool with_evidence) {
    if (!result) return cat("status ", result.error().status, ": ", result.error().message);
    const auto shown = [&](const std::optional<Json>& json) { return json && with_evidence ? json->dump() : "none"; };
    return cat(result->ppm, " ppm, ", result->window_s, " s, evidence ", shown(result->evidence), ", list ",
               shown(result->service_list));
}

// Compares both readers. True where the answer was accepted.
bool compare(std::string_view body) {
    const auto want = read_by_tree(body);
    const auto shown = body.substr(0, 300);
    CAPTURE(shown);
    CHECK(text_of(read_uptime(body), true) == text_of(want, true));
    const auto without = read_uptime(body, false);
    CHECK(text_of(without, true) == text_of(want, false));
    return want.ok();
}

std::string repeated(std::string_view part, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += part;
    return out;
}

// Members `"k0":0` to the last, each with a comma after it.
std::string many_members(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += cat("\"k", i, "\":", i, ",");
    return out;
}

const std::string signed_answer =
    R"({"status":"success","overall_uptime_percentage":99.5,"window_seconds":60,"services":{"total":2,)"
    R"("uptime_percentage":98,"names":["a","b"]},"service_list":[{"name":"a","uptime_percentage":99.0},)"
    R"({"name":"b \"q\" é","uptime_percentage":1e2}],"evidence":{"version":1,"nonce":"00ff","uptime_ppm":995000,)"
    R"("deep":[[{"x":null,"y":true,"z":-0.0}]],"signature":"ab"}})";

}  // namespace

TEST_CASE("odd answers are read as by the tree") {
    const std::vector<std::string> odd{
        // No object, nothing, or more than one value.
        "",
        " ",
        "null",
        "true",
        "99",
        "-1e5",
        "\"text\"",
        "[]",
        "[99]",
        "{}",
        " {} ",
        "{}{}",
        "{} x",
        "{\"a\":1}\n\t ",
        R"([{"service_uptime":1}])",
        R"([{"services":{"uptime_percentage":1}}])",
        "\xEF\xBB\xBF{}",
        "nul",
        "{\"a\"}",
        // The four names, each of every kind, and at other depths.
        R"({"uptime_percentage":1,"service_uptime":2,"overall_uptime_percentage":3})",
        R"({"services":{"uptime_percentage":4},"uptime_percentage":3})",
        R"({"services":{"uptime_percentage":4}})",
        R"({"services":{"overall_uptime_percentage":4}})",
        R"({"services":{"services":{"uptime_percentage":4}}})",
        R"({"services":[{"uptime_percentage":4}]})",
        R"({"services":{"a":{"uptime_percentage":4}}})",
        R"({"services":{"a":[1],"uptime_percentage":4}})",
        R"({"services":{"uptime_percentage":[4]}})",
        R"({"x":{"uptime_percentage":4}})",
        R"({"x":{"services":{"uptime_percentage":4}}})",
        R"({"services.uptime_percentage":4})",
        R"({"services":7})",
        R"({"services":"uptime_percentage"})",
        R"({"services":null,"uptime_percentage":5})",
        R"({"service_uptime":null,"uptime_percentage":5})",
        R"({"service_uptime":{},"uptime_percentage":5})",
        R"({"service_uptime":{"service_uptime":5}})",
        R"({"service_uptime":[5]})",
        R"({"service_uptime":[]})",
        R"({"service_uptime":false})",
        R"({"service_uptime":"95"})",
        R"({"service_uptime":""})",
        R"({"service_uptime":"a\u0000b\nc\ud83d\ude00"})",
        cat(R"({"service_uptime":")", std::string(100, 'x'), R"("})"),
        cat(R"({"service_uptime":"\t)", std::string(5000, 'x'), R"(\t"})"),
        R"({"service_uptim":5})",
        R"({"service_uptimes":5})",
        R"({"Service_Uptime":5})",
        R"({"":5})",
        // Keys with escapes are the same keys.
        R"({"service\u005fuptime":5})",
        R"({"\u0073ervice_uptime":5,"service_uptime":6})",
        R"({"\ud800":1})",
        R"({"a\u0000":1,"a":2,"service_uptime":3})",
        "{\"a\x01\":1}",
        "{\"\xC3\x28\":1}",
        "{\"s\":\"\xFF\"}",
        // Numbers.
        R"({"service_uptime":0})",
        R"({"service_uptime":-0})",
        R"({"service_uptime":-0.0e5})",
        R"({"service_uptime":-1e-400})",
        R"({"service_uptime":1e-400})",
        R"({"service_uptime":1e400})",
        R"({"service_uptime":1e99999})",
        R"({"service_uptime":1e-99999})",
        R"({"service_uptime":100.0000000000000000001})",
        R"({"service_uptime":99.99999999999999999999})",
        R"({"service_uptime":1e2})",
        R"({"service_uptime":1E+2})",
        R"({"service_uptime":+1})",
        R"({"service_uptime":.5})",
        R"({"service_uptime":5.})",
        R"({"service_uptime":05})",
        R"({"service_uptime":0x10})",
        R"({"service_uptime":NaN})",
        R"({"service_uptime":-Infinity})",
        R"({"service_uptime":18446744073709551616})",
        R"({"service_uptime":-9223372036854775809})",
        cat(R"({"service_uptime":0.)", std::string(398, '1'), "}"),
        cat(R"({"service_uptime":0.)", std::string(399, '1'), "}"),
        cat(R"({"service_uptime":1,"x":)", std::string(400, '1'), "}"),
        cat(R"({"service_uptime":1,"x":)", std::string(401, '1'), "}"),
        cat(R"({"service_uptime":1,"x":1)", std::string(5000, '0'), "}"),
        // The window.
        R"({"service_uptime":1,"window_seconds":0})",
        R"({"service_uptime":1,"window_seconds":1.0})",
        R"({"service_uptime":1,"window_seconds":1.5})",
        R"({"service_uptime":1,"window_seconds":4294967295})",
        R"({"service_uptime":1,"window_seconds":4294967296})",
        R"({"service_uptime":1,"window_seconds":6e1})",
        R"({"service_uptime":1,"window_seconds":null})",
        R"({"service_uptime":1,"window_seconds":[60]})",
        R"({"service_uptime":1,"window_seconds":{"window_seconds":60}})",
        R"({"window_seconds":60})",
        R"({"service_uptime":1,"window_seconds":1e99999})",
        // Evidence and its list.
        signed_answer,
        R"({"service_uptime":1,"evidence":null,"service_list":[1]})",
        R"({"service_uptime":1,"service_list":[1]})",
        R"({"service_uptime":1,"evidence":5})",
        R"({"service_uptime":1,"evidence":"a\nb\u0041c","service_list":"x\ty"})",
        R"({"service_uptime":1,"evidence":true})",
        R"({"service_uptime":1,"evidence":{},"service_list":{}})",
        R"({"service_uptime":1,"evidence":[],"service_list":null})",
        R"({"service_uptime":1,"evidence":{"evidence":{"service_list":[1]}}})",
        R"({"service_uptime":1,"x":{"evidence":1,"service_list":2}})",
        R"({"service_uptime":1,"evidence":{"service_uptime":7,"services":{"uptime_percentage":8}}})",
        R"({"evidence":{"uptime_percentage":7}})",
        R"({"service_uptime":1,"evidence":{"a":1,"a":2}})",
        R"({"service_uptime":1,"evidence":{"\u0061\n":1,"a\n":2}})",
        R"({"service_uptime":1,"evidence":[1,})",
        R"({"service_uptime":1,"evidence":1.50,"service_list":[1.50,-0.0,1E5]})",
        // Duplicate keys, at each depth; a key of an object that was closed is free again.
        R"({"service_uptime":1,"service_uptime":1})",
        R"({"x":1,"service_uptime":1,"x":2})",
        R"({"service_uptime":1,"x":{"a":1,"b":{"a":1},"a":2}})",
        R"({"x":{"a":1},"y":{"a":1},"a":2,"service_uptime":1})",
        R"({"x":[{"a":1},{"a":1,"b":[{"b":1,"a":2}]}],"b":1,"service_uptime":1})",
        R"({"":1,"":2})",
        R"({"x":{"":{"":{"":1}}},"service_uptime":1,"":2})",
        R"({"ab":1,"a":2,"b":3,"service_uptime":4})",
        R"({"a\n":1,"a\u000a":2})",
    };
    std::size_t accepted = 0;
    for (const auto& body : odd) accepted += compare(body) ? 1U : 0U;
    CHECK(accepted > 30);
    CHECK(accepted + 30 < odd.size());
}

TEST_CASE("objects of any number of keys are read as by the tree") {
    for (std::size_t count = 0; count < 40; ++count) {
        const auto members = many_members(count);
        CHECK(compare(cat("{", members, R"("service_uptime":1})")));
        CHECK(compare(cat("{", members, R"("x":{)", members, R"("y":{)", members, R"("z":0}},"service_uptime":1})")));
        // The first, a middle and the last key once more, beside the object and after an inner one.
        for (const auto again : {std::size_t{0}, count / 2, count - 1}) {
            if (count == 0) continue;
            CHECK(!compare(cat("{", members, "\"k", again, R"(":1,"service_uptime":1})")));
            CHECK(!compare(cat("{", members, R"("x":{)", members, R"("z":0},"k)", again, R"(":1})")));
            CHECK(!compare(cat(R"({"x":{)", members, R"("y":{"z":1},"k)", again, R"(":1}})")));
        }
    }
}

TEST_CASE("limits of depth and number are those of the tree") {
    for (const std::size_t depth : {1, 29, 30, 31, 32, 33, 40, 200}) {
        for (const auto* name : {"x", "evidence", "service_uptime"}) {
            const auto open = repeated("[", depth);
            const auto close = repeated("]", depth);
            compare(cat(R"({"service_list":[],")", name, "\":", open, close, "}"));
            compare(cat("{\"", name, "\":", repeated("{\"a\":", depth), "1", repeated("}", depth), "}"));
            compare(cat("{\"", name, "\":", open));
        }
        compare(repeated("[", depth) + repeated("]", depth));
    }
    for (const std::size_t count : {99'996, 99'997, 99'998, 99'999, 100'000}) {
        const auto list = "[" + repeated("0,", count - 1) + "0]";
        CHECK(compare(cat(R"({"service_uptime":1,"x":)", list, "}")) == (count <= 99'997));
        compare(cat(R"({"service_uptime":1,"evidence":)", list, "}"));
    }
}

TEST_CASE("answers that were cut or changed anywhere are read as by the tree") {
    for (std::size_t length = 0; length < signed_answer.size(); ++length) {
        CHECK(!compare(std::string_view(signed_answer).substr(0, length)));
    }
    std::mt19937 random(20'240'607);  // always the same ones
    const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    const std::string pool = "{}[]:,\"\\u0e+-.19 \n\x01\xC3\xA9tfnaservicuptm_";
    std::size_t accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
        auto body = signed_answer;
        for (auto changes = 1 + below(3); changes > 0; --changes) {
            const auto at = below(body.size());
            switch (below(4)) {
                case 0:
                    body[at] = pool[below(pool.size())];
                    break;
                case 1:
                    body.insert(at, 1, pool[below(pool.size())]);
                    break;
                case 2:
                    body.erase(at, 1 + below(8));
                    break;
                default:  // a piece once more, elsewhere
                    body.insert(below(body.size()), body.substr(at, 1 + below(40)));
            }
        }
        accepted += compare(body) ? 1U : 0U;
    }
    CHECK(accepted > 1000);
    CHECK(accepted < 19'000);
}

TEST_CASE("services below 100 % are taken from the list that the answer has, the lowest first") {
    const auto named = [](std::string_view body, bool with_evidence) {
        const auto uptime = read_uptime(body, with_evidence);
        REQUIRE_MESSAGE(uptime.ok(), body);
        return services_below(*uptime, body);
    };
    const std::string list =
        R"("service_list":[{"name":"voice","uptime_percentage":97},{"name":"db","uptime_percentage":100},)"
        R"({"name":"avatar","uptime_percentage":43.2}])";
    const std::string_view want = "services below 100 %: avatar 43.2 %, voice 97 %";
    CHECK(named(cat("{\"service_uptime\":80,", list, "}"), false) == want);
    CHECK(named(cat("{", list, ",\"service_uptime\":80,\"evidence\":{}}"), true) == want);
    CHECK(named(cat("\xEF\xBB\xBF{\"service_uptime\":80,", list, "}"), false) == want);
    // The signature has nothing to say of a list that is not there.
    CHECK(named(R"({"service_uptime":80,"evidence":{}})", true).empty());
    CHECK(named(cat("{\"service_uptime\":100,", list, "}"), false).empty());
    CHECK(named(R"({"service_uptime":80})", false).empty());
    for (const auto* other :
         {"7", "null", "{}", "[7,null,{}]", R"([{"name":7,"uptime_percentage":1}])",
          R"([{"name":"a","uptime_percentage":"1"}])", R"([{"name":"a","uptime_percentage":-1}])",
          R"([{"name":"a","uptime_percentage":100.1}])", R"([{"name":"a","uptime_percentage":null}])"}) {
        CAPTURE(other);
        CHECK(named(cat("{\"service_uptime\":80,\"service_list\":", other, "}"), false).empty());
    }
}

TEST_CASE("however many services an answer has and however they are named, the text is a short line") {
    std::string list;
    const std::string endless(65'536, 'n');
    for (int number = 0; number < 100; ++number) {
        list += cat(number == 0 ? "" : ",", R"({"name":"\u001b[2J\nx, y 1 %, \")", endless, R"(","uptime_percentage":)",
                    number, "}");
    }
    const auto body = cat("{\"service_uptime\":80,\"service_list\":[", list, "]}");
    const auto text = services_below(*read_uptime(body, false), body);
    CHECK(text.size() <= stipend::most_services_text);
    CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
    const auto read = stipend::read_services_below(text);
    REQUIRE(read.has_value());
    CHECK(read->services.size() >= 3);
    CHECK(read->services.size() + read->more == 100);
    CHECK(read->services.front() == stipend::ServiceUptime{"?[2J?x, y 1 %, ?nnnnnnnnnnnnnnnnnnnnn...", 0});
}
