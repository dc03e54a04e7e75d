#include "price.hpp"

#include <doctest/doctest.h>

#include "stipend/testing/fake_host.hpp"

using namespace stipend::testing;

namespace {

std::string complaint(const std::string& config) {
    FakeHost host;
    const auto plugin = host.try_create<price::FixedPrice>(config);
    return plugin ? "accepted" : plugin.error().path + ": " + plugin.error().message;
}

}  // namespace

TEST_CASE("the rate of the configuration is quoted exactly, as of now") {
    FakeHost host;
    auto plugin = host.create<price::FixedPrice>(R"({"usd_per_eth":1800.5})");
    REQUIRE(plugin.start().ok());
    auto quote = plugin.fetch("ETH", "USD");
    CHECK_FALSE(quote.done());
    host.run();
    REQUIRE(quote.done());
    CHECK(quote->mantissa == 180'050'000'000);
    CHECK(quote->exponent == -8);
    CHECK(quote->source == "fixed");
    CHECK(quote->observed_at == host.now());
    CHECK(quote->valid_until == 0);
    host.advance(1'000'000'000);
    auto later = plugin.fetch("ETH", "USD");
    host.run();
    CHECK(later->observed_at == host.now());
}

TEST_CASE("another currency pair is an error") {
    FakeHost host;
    auto plugin = host.create<price::FixedPrice>(R"({"usd_per_eth":"2000.0"})");
    REQUIRE(plugin.start().ok());
    auto quote = plugin.fetch("LPT", "USD");
    CHECK(quote.status() == STIPEND_E_UNSUPPORTED);
    CHECK(quote.error() == "no such price: got LPT in USD, want ETH in USD");
}

TEST_CASE("without timers of the host fetch fails at once") {
    FakeHost host;
    auto plugin = host.create<price::FixedPrice>(R"({"usd_per_eth":2000})");
    REQUIRE(plugin.start().ok());
    host.refuse_timers(true);
    CHECK(plugin.fetch("ETH", "USD").status() == STIPEND_E_BUSY);
}

TEST_CASE("an invalid rate is rejected with its pointer") {
    CHECK(complaint(R"({"usd_per_eth":2000.00000001})") == "accepted");
    CHECK(complaint("{}") == "/usd_per_eth: missing, want a number");
    CHECK(complaint(R"({"usd_per_eth":0})") == "/usd_per_eth: got 0, want 0.00000001 .. 1000000000");
    CHECK(complaint(R"({"usd_per_eth":-2000})") == "/usd_per_eth: got -2000, want 0.00000001 .. 1000000000");
    CHECK(complaint(R"({"usd_per_eth":2000.000000001})") ==
          "/usd_per_eth: too precise: 2000.000000001 has more than 8 decimals");
    CHECK(complaint(R"({"usd_per_eth":"two"})") == "/usd_per_eth: not a decimal number: \"two\": want digits");
}
