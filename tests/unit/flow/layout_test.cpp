#include "tools/flow/layout.hpp"

#include <doctest/doctest.h>

#include "host/base/time.hpp"
#include "tests/unit/flow/answers.hpp"
#include "tools/flow/text.hpp"

using namespace stipend;
using namespace stipend::flow;

namespace {

constexpr Size narrow{80, 24};
constexpr Size wide{200, 50};

stipend_unix_ns at(const char* text) {
    return *parse_utc(text);
}
const auto now = at("2026-11-22T06:00:48.000Z");

Model of(int count) {
    Model out;
    auto list = Json::array();
    for (int i = 0; i < count; ++i) list.push(standing(cat("orch-", i), 2, "1234567890123456789"));
    out.take_orchestrators(list);
    out.take_payments(Json::array().push(decision("orch-0", 1, "96", "0.95")).push(decision("orch-0", 2, "99.5")));
    out.take_payouts(Json::array().push(payout("orch-0", 1, "40", "paid")).push(payout("orch-0", 2, "2", "sent")),
                     true);
    return out;
}
std::vector<std::string> texts(const std::vector<Line>& lines) {
    std::vector<std::string> out;
    for (const auto& line : lines) out.push_back(text_of(line));
    return out;
}
bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a screen has as many lines as the terminal, none of them wider") {
    const auto model = of(100);
    for (const auto size : {narrow, wide, Size{81, 25}, Size{147, 24}, Size{148, 24}, Size{300, 100}, smallest}) {
        View view;
        for (const auto mode : {View::Mode::list, View::Mode::filter, View::Mode::detail}) {
            view.mode = mode;
            view.detail = {std::string(500, 'x'), "short"};
            const auto lines = screen_lines(model, view, size, now);
            CHECK(lines.size() == size.height);
            for (const auto& line : lines) CHECK(cells(text_of(line)) <= size.width);
        }
    }
}

TEST_CASE("80 columns show a lane in two lines") {
    View view;
    view.selected = "orch-0";
    const auto lines = texts(screen_lines(of(1), view, narrow, now));
    CHECK(contains(lines[0], "1 orchestrators"));
    CHECK(lines[3].starts_with(">orch-0"));
    CHECK(contains(lines[3], "+#"));
    CHECK(contains(lines[3], "12s"));
    CHECK(contains(lines[3], "connected"));
    CHECK(contains(lines[4], " 99.5   97.5 excellent"));
    CHECK(contains(lines[4], "0.0025"));
    CHECK(contains(lines[4], "~1.234 ETH"));
    CHECK(lines[4].ends_with(" <0.01 ETH <0.01 ETH"));
}

TEST_CASE("200 columns show a lane in one line, with all digits of its amounts") {
    View view;
    view.selected = "orch-0";
    const auto lines = texts(screen_lines(of(1), view, wide, now));
    for (const auto* part : {">orch-0", "+#", " 99.5 ", " 97.5 ", "excellent", "1.234567890123456789 ETH",
                             "0.000000000000000002 ETH", "12s"}) {
        CHECK_MESSAGE(contains(lines[3], part), part);
    }
    CHECK(contains(lines[1], "UP %"));
    CHECK(lines[4].empty());
}

TEST_CASE("a screen shows as many lanes as fit, from the first that is to be seen") {
    const auto model = of(100);
    View view;
    view.top = 5;
    CHECK(page_of(view, narrow) == 10);
    CHECK(page_of(view, wide) == 46);
    const auto lanes = lanes_of(model, view);
    const auto lines = texts(screen_lines(model, view, narrow, now));
    CHECK(lines[3].starts_with(" " + lanes[5]->id));
    CHECK(lines[21].starts_with(" " + lanes[14]->id));
    CHECK(contains(lines[23], "q quit"));
}

TEST_CASE("what is wrong with the connection is in the last line") {
    View view;
    view.note = "connecting again: no manager answers";
    CHECK(text_of(screen_lines(of(1), view, narrow, now).back()) == view.note);
}

TEST_CASE("a terminal that is too small says so") {
    CHECK(text_of(screen_lines(of(1), View(), {20, 5}, now).front()) == "want 40x8");
}

TEST_CASE("the table has the headings and all lanes") {
    CHECK(table_lines(of(30), View(), 80, now).size() == 2 + 2 * 30);
    CHECK(table_lines(of(30), View(), 200, now).size() == 1 + 30);
}

TEST_CASE("the dispatcher of each is shown where there are several") {
    const auto lines_of = [](const std::string& first, const std::string& second, Size size) {
        auto one = standing("orch-0", 1, "1"), other = standing("orch-1", 1, "1");
        Model model;
        model.take_orchestrators(Json::array()
                                     .push(one.append("dispatcher", first))
                                     .push(other.append("dispatcher", second))
                                     .push(standing("orch-2", 1, "1").append("dispatcher", Json())));
        return texts(screen_lines(model, View(), size, now));
    };
    for (const auto size : {narrow, wide, Size{148, 24}}) {
        const std::size_t each = size.width >= 148 ? 1 : 2;
        const auto lines = lines_of("dispatch", "live\x1b[2J", size);
        CHECK(contains(lines[1], ">DISPATCHER"));
        CHECK(contains(lines[3], " dispatch "));
        CHECK(contains(lines[3 + each], " live"));
        CHECK(lines[3 + each].find('\x1b') == std::string::npos);
        // No other column gives way.
        for (const auto* part : {">CHECKS", "NEXT>STATUS"}) CHECK_MESSAGE(contains(lines[1], part), part);
        CHECK(contains(lines[3], "connected"));
        for (const auto& line : lines_of("dispatch", "dispatch", size)) CHECK_FALSE(contains(line, "DISPATCHER"));
    }
}

TEST_CASE("control bytes of an id do not reach the terminal") {
    Model model;
    model.take_orchestrators(Json::array().push(standing("a\x1b[2J\n\xe2\x80\xae", 1, "1")));
    for (const auto& line : texts(screen_lines(model, View(), wide, now))) {
        for (const char c : line) CHECK(static_cast<unsigned char>(c) >= 0x20);
        CHECK_FALSE(contains(line, "\xe2\x80\xae"));
    }
    CHECK(one_line("caf\xc3\xa9 \xe4\xb8\xad") == "caf\xc3\xa9 ?");
}

TEST_CASE("an amount that of no known asset is in smallest units, shortened where it does not fit") {
    CHECK(fit_amount("0", {}, 8) == "0");
    CHECK(fit_amount("12345678", {}, 8) == "12345678");
    CHECK(fit_amount("123456789", {}, 8) == "~1.234e8");
    CHECK(fit_amount("250000000000", {}, 8) == "2.5e11");
    CHECK(fit_amount("-250000000000", {}, 8) == "-2.5e11");
    CHECK(fit_amount("199999999999", {}, 8) == "~1.99e11");
    CHECK(fit_amount("-199999999999", {}, 8) == "~-1.9e11");
    CHECK(fit_amount("1000000000000000000", {}, 9) == "1e18");
    CHECK(fit_amount(std::string(77, '9'), {}, 8) == "~9.99e76");
    CHECK(fit_amount(std::string(101, '9'), {}, 8).size() <= 8);
}

TEST_CASE("an amount is in its asset, rounded towards zero where it does not fit, and says so") {
    const Asset eth{"ETH", "18"};
    CHECK(fit_amount("0", eth, 10) == "0 ETH");
    CHECK(fit_amount("18000000000000000", eth, 10) == "0.018 ETH");
    CHECK(fit_amount("12345678000000000", eth, 10) == "~0.012 ETH");
    CHECK(fit_amount("12345678000000000", eth, 9) == "~0.01 ETH");
    CHECK(fit_amount("999000000000000", eth, 10) == "<0.001 ETH");
    CHECK(fit_amount("1", eth, 9) == "<0.01 ETH");
    CHECK(fit_amount("-18000000000000000", eth, 10) == "-0.018 ETH");
    CHECK(fit_amount("123456000000000000000000", eth, 10) == "123456 ETH");
    CHECK(fit_amount("12345000000000000000000", eth, 9) == "12345 ETH");
    CHECK(fit_amount("1234567000000000000000000", eth, 10) == "~1.2e6 ETH");
    CHECK(fit_amount("123456789012345678901", eth, 26) == "123.456789012345678901 ETH");
    CHECK(fit_amount("20000000", {"USDC", "6"}, 9) == "20 USDC");
    CHECK(fit_amount("20123456", {"USDC", "6"}, 9) == "~20 USDC");
    CHECK(fit_amount("5", {"WHOLE", "0"}, 10) == "5 WHOLE");
    CHECK(fit_amount("20000000", {"AVERYLONGSYMBOL", "6"}, 9) == "20");
    CHECK(fit_amount("20000000", {"ODD", "x"}, 9) == "20000000");
    for (const auto* digits :
         {"0", "1", "-1", "99999999999999999999999999999999", "123456789", "1000000000000000000"}) {
        for (std::size_t width = 8; width < 40; ++width) CHECK(cells(fit_amount(digits, eth, width)) <= width);
    }
}

TEST_CASE("a countdown is never shorter than what is left") {
    constexpr std::int64_t second = 1'000'000'000;
    CHECK(countdown(-5) == "now");
    CHECK(countdown(0) == "now");
    CHECK(countdown(1) == "1s");
    CHECK(countdown(59 * second + 1) == "1m00s");
    CHECK(countdown(3'599 * second) == "59m59s");
    CHECK(countdown(7'805 * second) == "2h10m");
    CHECK(countdown(100 * 3'600 * second) == "4d04h");
}

TEST_CASE("the strip has the newest checks by their uptime, coloured by what they were paid") {
    Model model;
    model.take_orchestrators(Json::array().push(standing("a", 9, "1")));
    auto list = Json::array();
    list.push(decision("a", 1, "100")).push(decision("a", 2, "98.9999", "0.95")).push(decision("a", 3, "60", "0.5"));
    list.push(decision("a", 4, "10", "0", "skip")).push(decision("a", 5, "null", "0"));
    auto failed = decision("a", 6, "null", "0", "skip");
    failed.set("job", "failed");
    list.push(failed);
    model.take_payments(list);
    const auto all = strip(*model.find("a"), 10);
    CHECK(text_of(Line{all, false}) == "#+-.?x");
    REQUIRE(all.size() == 3);
    CHECK(all[0].look == Look::good);
    CHECK(all[1].look == Look::warning);
    CHECK(all[2].look == Look::bad);
    CHECK(text_of(Line{strip(*model.find("a"), 2), false}) == "?x");
}

TEST_CASE("an explanation becomes lines by the names of its members, wrapped to the width") {
    const auto json = Json::object()
                          .append("tier", Json::object().append("tier", "good").append("from_ppm", Json()))
                          .append("observed", Json::array().push(Json::object().append("target", "a\nb")))
                          .append("corrections", Json::array());
    const auto lines = flat_lines(json);
    const std::vector<std::string> want{"tier.tier  good", "tier.from_ppm  -", "observed[0].target  a<U+000A>b",
                                        "corrections  none"};
    CHECK(lines == want);
    const std::vector<std::string> parts{"abc", "de", "", "f"};
    CHECK(wrap({"abcde", "", "f"}, 3) == parts);
}
