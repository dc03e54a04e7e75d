// Several networks: what they say, and what they have to be.
#include <doctest/doctest.h>

#include "bad_file.hpp"
#include "host/config/asset_amount.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

constexpr std::string_view token = "0x1111111111111111111111111111111111111111";

constexpr std::string_view two =
    "network: { chain_id: 42161 }\n"
    "networks:\n"
    "  - name: usdc\n"
    "    chain_id: 42161\n"
    "    asset: { token: \"0x1111111111111111111111111111111111111111\", decimals: 6, symbol: USDC }\n"
    "    price: { min: 0.9 USD, max: 1.1 USD }\n"
    "    payouts: { min: 8 USDC, per_payment: 400 USDC, per_payee_day: 800 USDC, per_day: 2000 USDC, max_fee: 0.01 ETH "
    "}\n"
    "  - { name: mainnet, chain_id: 1 }\n"
    "orchestrators:\n"
    "  - { address: https://a:1 }\n"
    "  - { address: https://b:1, network: mainnet }\n"
    "  - { address: https://c:1, network: usdc }\n";

Settings loaded_networks(std::string_view text) {
    FakeEnvironment environment;
    Diagnostics diagnostics;
    auto read = load_text("config.yaml", std::string(text), environment, diagnostics);
    REQUIRE_MESSAGE(diagnostics.empty(), diagnostics.text());
    return std::move(read.settings);
}

const BadFile bad_networks[] = {
    {"a network without a chain", "networks: [{ name: a }]\n",
     "config.yaml:1:12: networks[0]: the key \"chain_id\" is missing: a network needs it\n"
     "  networks: [{ name: a }]\n"
     "             ^\n"},
    {"a name twice", "networks: [{ name: a, chain_id: 1 }, { name: a, chain_id: 2 }]\n",
     "config.yaml:1:46: networks[1].name: got \"a\", which networks[0] has already: want it once\n"
     "  networks: [{ name: a, chain_id: 1 }, { name: a, chain_id: 2 }]\n"
     "                                               ^\n"},
    {"the chain and asset of the first one", "networks: [{ name: a, chain_id: 42161 }]\n",
     "config.yaml:1:12: networks[0].asset: got the chain and the asset of network, want each once\n"
     "  networks: [{ name: a, chain_id: 42161 }]\n"
     "             ^\n"},
    {"a network that there is not",
     "networks: [{ name: usdc, chain_id: 1 }]\n"
     "orchestrators: [{ address: https://a:1, network: usdt }]\n",
     "config.yaml:2:50: orchestrators[0].network: got \"usdt\", want a name that `networks` has; did you mean "
     "\"usdc\"?\n"
     "  orchestrators: [{ address: https://a:1, network: usdt }]\n"
     "                                                   ^\n"},
    {"a rate with bounds the wrong way round",
     "networks: [{ name: a, chain_id: 1, price: { min: 3 USD, max: 2 USD } }]\n",
     "config.yaml:1:50: networks[0].price.min: got more than networks[0].price.max: 3 USD, want at most 2 USD\n"
     "  networks: [{ name: a, chain_id: 1, price: { min: 3 USD, max: 2 USD } }]\n"
     "                                                   ^\n"},
    {"payouts without a daily limit",
     "settlement: ethereum\n"
     "payouts: { per_day: 1 ETH }\n"
     "networks: [{ name: a, chain_id: 1, payouts: { min: 0.01 ETH } }]\n",
     "config.yaml:3:45: networks[0].payouts.per_day: got no limit, want the most that may be paid on a day, since "
     "settlement is ethereum\n"
     "  networks: [{ name: a, chain_id: 1, payouts: { min: 0.01 ETH } }]\n"
     "                                              ^\n"},
    {"a token without decimals",
     "networks: [{ name: a, chain_id: 1, asset: { token: \"0x1111111111111111111111111111111111111111\", symbol: T } "
     "}]\n",
     "config.yaml:1:43: networks[0].asset.decimals: got none, want the decimals of the token, such as 6 for USDC\n"
     "  networks: [{ name: a, chain_id: 1, asset: { token: \"0x1111111111111111111111111111111111111111\", symbol: T } "
     "}]\n"
     "                                            ^\n"},
};

}  // namespace

TEST_CASE("each network has its chain, its asset, its rate and its payouts") {
    const auto settings = loaded_networks(two);
    const auto all = networks_of(settings);
    REQUIRE(all.size() == 3);
    CHECK((all[0]->name.empty() && all[0]->chain_id == 42161 && !all[0]->asset.is_token()));
    CHECK((all[1]->name == "usdc" && all[1]->asset.token == token && all[1]->asset.decimals == 6));
    CHECK((all[2]->name == "mainnet" && all[2]->chain_id == 1 && !all[2]->asset.is_token()));
    CHECK(all[1]->price.max == *Usd::parse("1.1"));
    CHECK(all[2]->price.max == *Usd::parse("100000"));  // by default
    CHECK(units_of(all[1]->payouts.per_day, all[1]->asset)->text() == "2000000000");
    CHECK(all[2]->payouts.plugin == "ethereum");
    std::vector<std::size_t> places;
    for (const auto& one : settings.orchestrators) places.push_back(network_place(settings, one));
    CHECK(places == std::vector<std::size_t>{0, 2, 1});
}

TEST_CASE("an option of a network is named as its file has it") {
    CHECK(network_option(0, "price.min") == "price.min");
    CHECK(network_option(0, "network.asset") == "network.asset");
    CHECK(network_option(2, "price.min") == "networks[1].price.min");
    CHECK(network_option(1, "network.asset.token") == "networks[0].asset.token");
    CHECK(network_option(1, "network") == "networks[0]");
}

TEST_CASE("networks that contradict themselves or each other are refused at their place") {
    for (const auto& file : bad_networks) {
        INFO(file.what);
        CHECK(diagnostics_of(file.text) == file.diagnostics);
    }
}
