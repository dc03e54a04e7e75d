// Amounts of the network's asset.
#include <doctest/doctest.h>

#include "host/config/asset_amount.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

const Asset coin_asset;
const Asset usdc{.token = "0x" + std::string(40, 'a'), .decimals = 6, .symbol = "USDC"};
const Asset lpt{.token = "0x" + std::string(40, 'b'), .decimals = 18, .symbol = "LPT"};

std::string amount_in(std::string_view amount, const Asset& asset) {
    const auto units = units_of(amount, asset);
    return units ? units->text() : units.error().message;
}

}  // namespace

TEST_CASE("an amount is exact in the smallest units of its asset") {
    CHECK(amount_in("20 USDC", usdc) == "20000000");
    CHECK(amount_in("0.000001 USDC", usdc) == "1");
    CHECK(amount_in("0 USDC", usdc) == "0");
    CHECK(amount_in("999999999999999999.999999 USDC", usdc) == "999999999999999999999999");
    CHECK(amount_in("20.5 LPT", lpt) == "20500000000000000000");
    CHECK(amount_in("0.02 ETH", coin_asset) == "20000000000000000");
    CHECK(amount_in("0.000000000000000001 ETH", coin_asset) == "1");
    CHECK(amount_in("500 gwei", coin_asset) == "500000000000");
    CHECK(amount_in("1000000000000000 gwei", coin_asset) == "1000000000000000000000000");
}

TEST_CASE("another unit, more decimals, or no number is refused") {
    CHECK(amount_in("0.02 ETH", usdc) ==
          "got 0.02 ETH, want an amount of USDC with at most 6 decimals, such as 20 USDC");
    for (const auto* text : {"20 usdc", "20 USDT", "20", "20 ", " USDC", "", "0.0000001 USDC", "1. 5 USDC", "-1 USDC",
                             "1e3 USDC", "1000000000000000000 USDC", "500 gwei", ".5 USDC", "1.2.3 USDC"}) {
        CAPTURE(text);
        CHECK(!units_of(text, usdc).ok());
    }
    CHECK(!units_of("20 USDC", coin_asset).ok());
    CHECK(!units_of("0.0000000001 gwei", coin_asset).ok());
}
