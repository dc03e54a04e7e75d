#include "tools/signer/settings.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/ethereum/hex_bytes.hpp"

using namespace stipend;
using namespace stipend::signer;
using namespace stipend::ethereum::testing;

namespace {

constexpr std::string_view full = R"(chain_id: 42161
keystore: /etc/stipend/payer.json
passphrase_credential: passphrase
state: /var/lib/stipend-signer/state.db
socket: /run/stipend-signer/signer.sock
users: [root, 4711]
batch_contract: "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"
fees: {max_fee_per_gas: 1000000000, max_gas: 2000000, per_day: 10000000000000000}
assets:
  - {asset: native, per_payment: 1, per_payee_day: 2, per_day: 100000000000000000000000000000000}
  - {asset: "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", per_payment: 5, per_payee_day: 5, per_day: 5}
payees: ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x14791697260e4c9a71f18484c9f997b308e59325"]
)";

std::string edited(std::string_view old, std::string_view changed) {
    std::string text(full);
    const auto at = text.find(old);
    REQUIRE(at != std::string::npos);
    return text.replace(at, old.size(), changed);
}

// The first line of what is wrong.
std::string wrong(std::string text) {
    const auto read = read_settings("signer.yaml", std::move(text));
    return read ? "" : read.error().message.substr(0, read.error().message.find('\n'));
}

}  // namespace

TEST_CASE("every setting is read") {
    const auto read = read_settings("signer.yaml", std::string(full));
    REQUIRE_MESSAGE(read.ok(), read.error().message);
    CHECK(read->chain_id == 42'161);
    CHECK(read->keystore == "/etc/stipend/payer.json");
    CHECK(read->passphrase_credential == "passphrase");
    CHECK(read->state == "/var/lib/stipend-signer/state.db");
    CHECK(read->socket == "/run/stipend-signer/signer.sock");
    CHECK(read->users == std::vector<uid_t>{0, 4711});
    CHECK(read->batch_contract->text() == "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359");
    CHECK(read->max_fee_per_gas.text() == "1000000000");
    CHECK(read->max_gas == 2'000'000);
    CHECK(read->max_fees_per_day.text() == "10000000000000000");
    CHECK(read->limits_of({})->per_day.text() == "100000000000000000000000000000000");
    CHECK(read->limits_of(address_of_hex(token_address))->per_payment.text() == "5");
    REQUIRE(read->payees->size() == 2);
    CHECK(read->payees->front().text() == payee_address);
    CHECK(!read_settings("signer.yaml", edited("payees:", "# payees:"))->payees);
}

TEST_CASE("what is wrong is reported with its place, what it got and what it wants") {
    const auto misspelt = read_settings("signer.yaml", edited("socket:", "sockett:")).error().message;
    CHECK(misspelt.find("unknown key \"sockett\"") != std::string::npos);
    CHECK(misspelt.find("did you mean \"socket\"?") != std::string::npos);
    CHECK(wrong(edited("per_payment: 1,", "per_payment: 0,")) ==
          "signer.yaml:10:34: assets[0].per_payment: got \"0\", want a whole number above 0, in the asset's smallest "
          "unit");
    CHECK(wrong(edited("per_payment: 1,", "per_payment: 0.5,")).find("want a whole number") != std::string::npos);
    CHECK(wrong(edited("per_payment: 1,", "per_payment: 3,")) ==
          "signer.yaml:10:5: assets: want per_payment <= per_payee_day <= per_day");
    CHECK(wrong(edited("cC2239327", "CC2239327")).find("capital letters as EIP-55 has them") != std::string::npos);
    CHECK(wrong(edited("\"0xaf88d065e77c8cC2239327C5EDb3A432268e5831\"", "native")).find("want each asset once") !=
          std::string::npos);
    CHECK(wrong(edited("[root, 4711]", "[not-there]")).find("want a user of this system") != std::string::npos);
    CHECK(wrong(edited("[root, 4711]", "[]")) != "");
    CHECK(wrong(edited("passphrase_credential: passphrase\n", ""))
              .find("want one of passphrase_file and passphrase_credential") != std::string::npos);
    CHECK(wrong(edited("passphrase_credential: passphrase\n",
                       "passphrase_credential: passphrase\npassphrase_file: /x\n")) != "");
    CHECK(wrong(edited("keystore: /etc", "keystore: etc")).find("want an absolute path") != std::string::npos);
    CHECK(wrong(edited("chain_id: 42161\n", "")).find("chain_id") != std::string::npos);
    CHECK(wrong("") != "");
}
