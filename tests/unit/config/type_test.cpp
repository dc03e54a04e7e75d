#include "host/config/type.hpp"

#include <doctest/doctest.h>

#include "stipend/duration.hpp"
#include "stipend/money.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

bool takes(const Type& type, std::string_view text, bool quoted = false) {
    return read_value(type, scalar_node(text, quoted)).ok();
}
std::int64_t number(const Type& type, std::string_view text) {
    return std::get<std::int64_t>(*read_value(type, scalar_node(text, false)));
}

}  // namespace

TEST_CASE("money is exact to its eighth decimal") {
    const auto type = usd_type(0, 1'000'000 * e8);
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

TEST_CASE("a duration carries its unit and stays in its range") {
    const auto type = duration_type(ns_per_s, 86400 * ns_per_s, ns_per_s);
    CHECK(number(type, "60s") == 60 * ns_per_s);
    CHECK(number(type, "1.5h") == 5400 * ns_per_s);
    CHECK(number(type, "1d") == 86400 * ns_per_s);
    for (const auto* text : {"60", "0s", "1500ms", "86401s", "-1s", "1 s", "s", ""}) {
        CAPTURE(text);
        CHECK(!takes(type, text));
    }
}

TEST_CASE("an integer is a plain number without a fraction") {
    const auto type = integer_type(1, 100);
    CHECK(number(type, "100") == 100);
    CHECK(number(type, "1e1") == 10);
    for (const auto* text : {"0", "101", "1.5", "0x10", "010", "1_0", "one", "", "99999999999999999999"}) {
        CAPTURE(text);
        CHECK(!takes(type, text));
    }
    CHECK(!takes(type, "5", true));
}

TEST_CASE("a boolean is true or false and no other word") {
    CHECK(std::get<bool>(*read_value(boolean_type(), scalar_node("true", false))));
    for (const auto* text : {"yes", "on", "True", "1", ""}) {
        CAPTURE(text);
        CHECK(!takes(boolean_type(), text));
    }
    CHECK(!takes(boolean_type(), "true", true));
}

TEST_CASE("a choice is taken in any case, since the old system wrote INFO") {
    const auto type = choice_type({"debug", "info"});
    CHECK(number(type, "INFO") == 1);
    CHECK(!takes(type, "inf"));
}

TEST_CASE("an origin is host and port, and loses the slash at its end") {
    const auto text = [](std::string_view in) {
        return std::get<std::string>(*read_value(origin_type(), scalar_node(in, true)));
    };
    CHECK(text("https://172.23.0.7:9995/") == "https://172.23.0.7:9995");
    CHECK(text("http://[::1]:80") == "http://[::1]:80");
    CHECK(text("https://orch.example.com") == "https://orch.example.com");
    for (const auto* bad :
         {"", "172.23.0.7:9995", "ftp://a:1", "https://", "https://a:1//", "https://a:1/x", "https://a:1?x",
          "https://a:1#x", "https://a:", "https://a:0", "https://a:65536", "https://u:p@a:1", "https://a b:1",
          "https://[::1:1", "https://\xC3\xA4:1", "HTTPS://a:1"}) {
        CAPTURE(bad);
        CHECK(!takes(origin_type(), bad));
    }
}

TEST_CASE("the default id of an orchestrator is its host and port") {
    CHECK(host_and_port("https://172.23.0.7:9995") == "172.23.0.7:9995");
    CHECK(host_and_port("https://a") == "a:443");
    CHECK(host_and_port("http://[::1]") == "[::1]:80");
}

TEST_CASE("an address to listen on has a port") {
    for (const auto* good : {"127.0.0.1:0", "[::1]:9108", "localhost:65535", "0.0.0.0:1"})
        CHECK(takes(listen_type(), good));
    for (const auto* bad : {"127.0.0.1", "127.0.0.1:", ":9108", "127.0.0.1:65536", "127.0.0.1:-1", "a:1:2", "a:b"}) {
        CAPTURE(bad);
        CHECK(!takes(listen_type(), bad));
    }
}

TEST_CASE("hex has its prefix and its exact length") {
    const auto type = hex_type("an address", "0x", 4);
    CHECK(takes(type, "0xaB12"));
    for (const auto* bad : {"aB12", "0xaB1", "0xaB123", "0xaBg2", "0x"}) {
        CAPTURE(bad);
        CHECK(!takes(type, bad));
    }
}

TEST_CASE("what is written is read as the same value") {
    const auto same = [](const Type& type, const Value& value) {
        const auto again = read_value(type, write_value(type, value));
        return again.ok() && *again == value;
    };
    for (const std::int64_t e8_value : {std::int64_t{0}, std::int64_t{1}, 1'050'000'000L, 99'999'999'999L}) {
        CHECK(same(usd_type(0, 1'000'000 * e8), Value(e8_value)));
    }
    for (const std::int64_t ns : {1L, 250 * ns_per_ms, 90 * ns_per_s, 3600 * ns_per_s}) {
        CHECK(same(duration_type(0, 86400 * ns_per_s), Value(ns)));
    }
    CHECK(same(factor_type(0, 10 * ppm_one), Value(std::int64_t{1'500'001})));
    CHECK(same(integer_type(-5, 5), Value(std::int64_t{-5})));
    CHECK(same(boolean_type(), Value(true)));
    CHECK(same(choice_type({"a", "b"}), Value(std::int64_t{1})));
    CHECK(same(text_type(), Value(std::string("true"))));
}
