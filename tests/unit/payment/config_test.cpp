#include "payment_fixture.hpp"

using namespace payment_test;

namespace {

// "pointer: message" of the plugin's complaint, or "accepted".
std::string complaint(const std::string& config, const stipend_terms& terms = minute_terms()) {
    const auto chosen = load_payment();
    const auto result = check_config(*chosen.library->entry, "payment.so", chosen.plugin->id, config, terms);
    return result ? "accepted" : result.error().path + ": " + result.error().message;
}

std::string table(const std::string& tiers, const std::string& more = "") {
    return R"({"table":"t","tables":{"t":[)" + tiers + "]}" + more + "}";
}

// So many tiers of one percent each, from 0 % up, none of which pays.
std::string tiers(int count) {
    std::string out;
    for (int at = 0; at < count; ++at) {
        out += cat(at == 0 ? "" : ",", R"({"tier":"t)", at, R"(","at_least":)", at, R"(,"multiplier":0})");
    }
    return out;
}

}  // namespace

TEST_CASE("shipped tables and an operator's own table are accepted") {
    CHECK(complaint("{}") == "accepted");
    CHECK(complaint(R"({"table":"flat-95"})") == "accepted");
    CHECK(complaint(table(R"({"tier":"a","above":50,"multiplier":2},{"tier":"b","at_least":0,"multiplier":0})")) ==
          "accepted");
    CHECK(
        complaint(table(
            R"({"tier":"b","at_least":0,"at_most":50,"multiplier":0},{"tier":"a","above":50,"at_most":100,"multiplier":2})")) ==
        "accepted");
}

TEST_CASE("a table with a gap, an overlap or an unreachable tier is rejected") {
    CHECK(complaint(table(R"({"tier":"a","above":50,"multiplier":1})")) ==
          "/tables/t: gap: no tier holds an uptime below 50.0001 %; the lowest is tier \"a\"");
    CHECK(complaint(table(
              R"({"tier":"a","at_least":50,"multiplier":1},{"tier":"b","at_least":0,"below":40,"multiplier":0})")) ==
          "/tables/t/1: gap between tier \"b\", which ends below 40 %, and tier \"a\", which begins at 50 %");
    CHECK(complaint(table(
              R"({"tier":"a","at_least":50,"multiplier":1},{"tier":"b","at_least":0,"at_most":50,"multiplier":0})")) ==
          "/tables/t/1: overlap between tier \"b\", which ends below 50.0001 %, and tier \"a\", which begins at 50 %");
    CHECK(
        complaint(table(
            R"({"tier":"a","at_least":50,"multiplier":1},{"tier":"b","at_least":50,"multiplier":1},{"tier":"c","at_least":0,"multiplier":0})")) ==
        "/tables/t/1: tier \"b\" is unreachable: every uptime from 50 % is in tier \"a\"");
    CHECK(complaint(table(R"({"tier":"a","above":100,"multiplier":1},{"tier":"c","at_least":0,"multiplier":0})")) ==
          "/tables/t/0: tier \"a\" is unreachable: every uptime from 100.0001 % is in nothing: 100 % is the most");
}

TEST_CASE("a tier that pays less per minute for more uptime is rejected unless allow_falling_pay is set") {
    const std::string falling =
        R"({"tier":"a","above":90,"multiplier":1,"delay":"60s"},{"tier":"b","at_least":10,"multiplier":0.6},{"tier":"c","at_least":0,"multiplier":0})";
    CHECK(complaint(table(falling)) ==
          "/tables/t/0: tier \"a\" pays less per minute than the lower tier \"b\"; set `allow_falling_pay: true` if "
          "that is meant");
    CHECK(complaint(table(falling, R"(,"allow_falling_pay":true)")) == "accepted");
}

TEST_CASE("a failed job is never paid, so the tier of 0 % has multiplier 0") {
    CHECK(complaint(table(R"({"tier":"all","at_least":0,"multiplier":0.1})")) ==
          "/tables/t/0: tier \"all\" holds 0 % and so a failed job: want multiplier 0");
}

TEST_CASE("each value is checked, and the error has its pointer") {
    CHECK(complaint(R"({"table":"flat"})") == "/table: no such tier table: got \"flat\", want one of default, flat-95");
    CHECK(complaint(R"({"punishment_multiplier":0.999})") == "/punishment_multiplier: got 0.999, want 1 .. 100");
    CHECK(complaint(R"({"punishment_multiplier":1.0001})") ==
          "/punishment_multiplier: too precise: 1.0001 has more than 3 decimals");
    CHECK(complaint(R"({"punishment_multiplier":"two"})") ==
          "/punishment_multiplier: not a decimal number: \"two\": want digits");
    CHECK(complaint(R"({"recovery_checks":0})") == "/recovery_checks: got 0, want 1 .. 1000");
    CHECK(complaint(R"({"max_consecutive_failures":0})") == "/max_consecutive_failures: got 0, want 1 .. 1000000");
    CHECK(complaint(R"({"min_coverage":101})") == "/min_coverage: got 101, want 0 .. 100");
    CHECK(complaint(R"({"max_penalty":"1.5s"})") == "/max_penalty: got 1500ms, want whole seconds");
    CHECK(complaint(table(R"({"tier":"A","at_least":0,"multiplier":0})")) ==
          "/tables/t/0/tier: got \"A\", want a name of 1 to 31 characters a-z, 0-9, - and _");
    const std::string longest(31, 'n');
    CHECK(complaint(table(R"({"tier":")" + longest + R"(","at_least":0,"multiplier":0})")) == "accepted");
    CHECK(complaint(table(R"({"tier":")" + longest + R"(n","at_least":0,"multiplier":0})")) ==
          "/tables/t/0/tier: got \"" + longest + "n\", want a name of 1 to 31 characters a-z, 0-9, - and _");
    CHECK(complaint(table(R"({"tier":"a","multiplier":0})")) ==
          "/tables/t/0: tier \"a\": want exactly one of `above` and `at_least` for its lower edge");
    CHECK(complaint(table(R"({"tier":"a","above":1,"at_least":1,"multiplier":0})")) ==
          "/tables/t/0: tier \"a\": want exactly one of `above` and `at_least` for its lower edge");
    CHECK(complaint(table(R"({"tier":"a","at_least":0,"below":50,"at_most":50,"multiplier":0})")) ==
          "/tables/t/0: tier \"a\": want at most one of `below` and `at_most` for its upper edge");
    CHECK(complaint(table(R"({"tier":"a","at_least":0,"multiplier":0},{"tier":"a","above":1,"multiplier":1})")) ==
          "/tables/t/1: tier \"a\" is there twice");
    CHECK(complaint(table(R"({"tier":"a","at_least":0,"multiplier":0,"delay":"30"})")) ==
          "/tables/t/0/delay: not a duration: got \"30\", want a number with a unit, such as 60s, 1.5h or 250ms");
    CHECK(complaint(table("")) == "/tables/t: an empty tier table, want at least one tier");
}

TEST_CASE("a table holds at most 64 tiers") {
    CHECK(complaint(table(tiers(64))) == "accepted");
    CHECK(complaint(table(tiers(65))) == "/tables/t: more than 64 tiers");
}

TEST_CASE("terms without a positive interval are rejected") {
    CHECK(complaint("{}", make_terms(0, 10'00000000)) == ": interval not positive: 0 ns");
    CHECK(complaint("{}", make_terms(-1, 10'00000000)) == ": interval not positive: -1 ns");
    CHECK(complaint("{}", make_terms(1, 10'00000000)) == "accepted");
}

TEST_CASE("a configuration that is not JSON is rejected") {
    CHECK(complaint("{") == ": not JSON at byte 1: incomplete JSON");
    CHECK(complaint(R"({"table":"default","table":"flat-95"})") == ": not JSON at byte 25: duplicate key \"table\"");
}
