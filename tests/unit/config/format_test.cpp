#include "host/config/format.hpp"

#include <doctest/doctest.h>

#include "host/config/schema.hpp"
#include "host/config/schema_rules.hpp"
#include "host/config/url.hpp"
#include "stipend/duration.hpp"
#include "stipend/money.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

// The rule that the keywords between a schema's braces make.
Rule rule_of(std::string_view keywords) {
    const auto schema = Schema::parse(cat("{", keywords, "}"), Schema::Author::host);
    REQUIRE(schema.ok());
    return schema->rules().rules.front();
}

bool takes(const Rule& rule, std::string_view text, bool quoted = false) {
    return fits_format(rule, scalar_node(text, quoted));
}
std::int64_t number(const Rule& rule, std::string_view text) {
    const auto value = number_of(rule, scalar_node(text, false));
    REQUIRE(value.has_value());
    return *value;
}

}  // namespace

TEST_CASE("money is exact to its eighth decimal") {
    const auto type = rule_of(R"("format": "usd", "formatMinimum": "0 USD", "formatMaximum": "1000000 USD")");
    CHECK(number(type, "10.00 USD") == 10 * e8);
    CHECK(number(type, "0.00000001 USD") == 1);
    CHECK(number(type, "999999.99999999 USD") == 1'000'000 * e8 - 1);
    for (const auto* text : {"10",
                             "10USD",
                             "10 usd",
                             "10  USD",
                             " 10 USD",
                             "1e3 USD",
                             ".5 USD",
                             "5. USD",
                             "0777 USD",
                             "1_000 USD",
                             "1,000 USD",
                             "NaN",
                             "NaN USD",
                             "inf USD",
                             "-1 USD",
                             "+1 USD",
                             "USD",
                             " USD",
                             "0.000000001 USD",
                             "1000000.00000001 USD",
                             "99999999999999999999 USD"}) {
        CAPTURE(text);
        CHECK(!takes(type, text));
    }
}

TEST_CASE("ether is exact to the gwei") {
    const auto type = rule_of(R"("format": "eth", "formatMinimum": "0 ETH", "formatMaximum": "1000000 ETH")");
    CHECK(number(type, "0.01 ETH") == 10'000'000);
    CHECK(number(type, "0.000000001 ETH") == 1);
    CHECK(number(type, "500 gwei") == 500);
    CHECK(number(type, "1000000 ETH") == 1'000'000'000'000'000);
    for (const auto* text :
         {"1", "1ETH", "1 eth", "1 Gwei", "0.5 gwei", "0.0000000001 ETH", "1000000.000000001 ETH", "1e3 gwei", "-1 ETH",
          "+1 ETH", " ETH", "ETH", "100 wei", "1,000 ETH", "1000000000000001 gwei", "9999999999999999999999 gwei"}) {
        CAPTURE(text);
        CHECK(!takes(type, text));
    }
}

TEST_CASE("a duration carries its unit and stays in its range") {
    const auto type = rule_of(R"("format": "seconds", "formatMinimum": "1s", "formatMaximum": "1d")");
    CHECK(number(type, "60s") == 60 * ns_per_s);
    CHECK(number(type, "1.5h") == 5400 * ns_per_s);
    CHECK(number(type, "1d") == 86400 * ns_per_s);
    for (const auto* text : {"60", "0s", "1500ms", "86401s", "-1s", "1 s", "s", ""}) {
        CAPTURE(text);
        CHECK(!takes(type, text));
    }
}

TEST_CASE("a size is a whole number of its unit and stays in its range") {
    const auto type = rule_of(R"("format": "size", "formatMinimum": "64 MiB", "formatMaximum": "16 GiB")");
    CHECK(number(type, "512 MiB") == std::int64_t{512} << 20);
    CHECK(number(type, "16 GiB") == std::int64_t{16} << 30);
    for (const auto* text : {"512", "512MiB", "512 MB", "0.5 GiB", "63 MiB", "17 GiB", "-1 GiB", "+1 GiB", " MiB", "MiB",
                             "9999999999999 MiB", "1e3 MiB"}) {
        CAPTURE(text);
        CHECK(!takes(type, text));
    }
}

TEST_CASE("an integer is a plain number without a fraction") {
    const auto type = rule_of(R"("format": "integer", "formatMinimum": "1", "formatMaximum": "100")");
    CHECK(number(type, "100") == 100);
    CHECK(number(type, "1e1") == 10);
    for (const auto* text : {"0", "101", "1.5", "0x10", "010", "1_0", "one", "", "99999999999999999999"}) {
        CAPTURE(text);
        CHECK(!takes(type, text));
    }
    CHECK(!takes(type, "5", true));
}

TEST_CASE("a word is one of its enum in any case, since the old system wrote INFO") {
    const auto type = rule_of(R"("format": "word", "enum": ["debug", "info"])");
    CHECK(word_of(type, scalar_node("INFO", false)) == 1);
    CHECK(!takes(type, "inf"));
}

TEST_CASE("an origin is host and port, and loses the slash at its end") {
    const auto type = rule_of(R"("format": "origin")");
    const auto text = [&](std::string_view in) { return text_of(type, scalar_node(in, true)).value_or(""); };
    CHECK(text("https://172.23.0.7:9995/") == "https://172.23.0.7:9995");
    CHECK(text("http://[::1]:80") == "http://[::1]:80");
    CHECK(text("https://orch.example.com") == "https://orch.example.com");
    for (const auto* bad :
         {"", "172.23.0.7:9995", "ftp://a:1", "https://", "https://a:1//", "https://a:1/x", "https://a:1?x",
          "https://a:1#x", "https://a:", "https://a:0", "https://a:65536", "https://u:p@a:1", "https://a b:1",
          "https://[::1:1", "https://\xC3\xA4:1", "HTTPS://a:1"}) {
        CAPTURE(bad);
        CHECK(!takes(type, bad));
    }
}

TEST_CASE("an origin's host has one spelling") {
    const auto type = rule_of(R"("format": "origin")");
    const auto text = [&](std::string_view in) { return text_of(type, scalar_node(in, true)).value_or(""); };
    for (const auto* one : {"https://[::1]:9995", "https://[0:0:0:0:0:0:0:1]:9995", "https://[::0001]:9995/"}) {
        CHECK(text(one) == "https://[::1]:9995");
    }
    CHECK(text("https://[2001:DB8::A]") == "https://[2001:db8::a]");
    CHECK(text("https://[FE80:0::1%eth0]:1") == "https://[fe80::1%eth0]:1");
    CHECK(text("https://[::ffff:127.0.0.1]:9995") == "https://127.0.0.1:9995");
    CHECK(text("https://[::ffff:7f00:1]:9995") == "https://127.0.0.1:9995");
    for (const auto* good :
         {"https://127.0.0.1:1", "https://orch.example.", "https://1.2.3.example", "https://0x1.example"}) {
        CAPTURE(good);
        CHECK(text(good) == good);
    }
    for (const auto* bad :
         {"https://127.1:9995", "https://2130706433:9995", "https://0x7f000001", "https://0177.0.0.1",
          "https://127.0.0.01", "https://1.2.3.4.5", "https://127.0.0.256", "https://127.1.", "https://orch.example..",
          "https://.", "https://..", "https://[::1::]", "https://[1.2.3.4]x", "https://[::ffff:127.0.0.1%eth0]"}) {
        CAPTURE(bad);
        CHECK(!takes(type, bad));
    }
}

TEST_CASE("the default id of an orchestrator is its host and port") {
    CHECK(host_and_port("https://172.23.0.7:9995") == "172.23.0.7:9995");
    CHECK(host_and_port("https://a") == "a:443");
    CHECK(host_and_port("http://[::1]") == "[::1]:80");
}

TEST_CASE("an address to listen on has a port") {
    const auto type = rule_of(R"("format": "listen")");
    for (const auto* good : {"127.0.0.1:0", "[::1]:9108", "localhost:65535", "0.0.0.0:1"}) CHECK(takes(type, good));
    for (const auto* bad : {"127.0.0.1", "127.0.0.1:", ":9108", "127.0.0.1:65536", "127.0.0.1:-1", "a:1:2", "a:b"}) {
        CAPTURE(bad);
        CHECK(!takes(type, bad));
    }
}

TEST_CASE("a text is bounded in bytes and matches its pattern from end to end") {
    const auto type = rule_of(R"("format": "text", "pattern": "^0x[0-9a-fA-F]{4}$")");
    CHECK(takes(type, "0xaB12"));
    for (const auto* bad : {"aB12", "0xaB1", "0xaB123", "0xaBg2", "0x", "0xaB12\n", "x\n0xaB12"}) {
        CAPTURE(bad);
        CHECK(!takes(type, bad));
    }
    const auto bounded = rule_of(R"("format": "text", "minLength": 1, "maxLength": 3)");
    CHECK(takes(bounded, "123"));
    CHECK(!takes(bounded, "\xC3\xA4\xC3\xB6"));
    CHECK(!takes(bounded, ""));
}

TEST_CASE("what is written is read as the same value") {
    const auto same = [](std::string_view keywords, std::int64_t value) {
        const auto rule = rule_of(keywords);
        return number_of(rule, number_node(rule, value)) == value;
    };
    for (const std::int64_t e8_value : {std::int64_t{0}, std::int64_t{1}, 1'050'000'000L, 99'999'999'999L}) {
        CHECK(same(R"("format": "usd", "formatMinimum": "0 USD", "formatMaximum": "1000000 USD")", e8_value));
    }
    for (const std::int64_t ns : {1L, 250 * ns_per_ms, 90 * ns_per_s, 3600 * ns_per_s}) {
        CHECK(same(R"("format": "duration", "formatMinimum": "0s", "formatMaximum": "1d")", ns));
    }
    CHECK(same(R"("format": "factor", "formatMinimum": "0", "formatMaximum": "10")", 1'500'001));
    CHECK(same(R"("format": "integer", "formatMinimum": "-5", "formatMaximum": "5")", -5));
    for (const std::int64_t gwei : {0L, 1L, 10'000'000L, 999'999'999'999'999L}) {
        CHECK(same(R"("format": "eth", "formatMinimum": "0 ETH", "formatMaximum": "1000000 ETH")", gwei));
    }
    const auto word = rule_of(R"("format": "word", "enum": ["a", "b"])");
    CHECK(word_of(word, word_node(word, 1)) == 1);
}
