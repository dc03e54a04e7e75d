// Requests to the signer. Whatever is asked, what is signed is within the limits, is what the request states, and a
// nonce has one payment. The input has a request on each line.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "stipend/json_parse.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/unit/ethereum/hex_bytes.hpp"
#include "tools/signer/protocol.hpp"

using namespace stipend;
using namespace stipend::signer;
using namespace stipend::ethereum::testing;

namespace {

constexpr std::size_t max_lines = 16;

Settings limits() {
    Settings out;
    out.chain_id = 42'161;
    out.batch_contract = address_of_hex("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359");
    out.max_fee_per_gas = number_of("1000");
    out.max_gas = 1'000'000;
    out.max_fees_per_day = number_of("1000000000");
    out.assets.push_back({{}, number_of("100"), number_of("150"), number_of("250")});
    out.assets.push_back({address_of_hex(token_address), number_of("100"), number_of("150"), number_of("250")});
    return out;
}

Signer make_signer(const std::filesystem::path& file) {
    for (const auto* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.native() + end);
    auto key = key_of_hex(payer_key);
    auto store = Store::open(file, key.address(), limits().chain_id);
    FUZZ_REQUIRE(store.ok());
    return {std::move(key), limits(), std::move(*store), [] { return ClockReading{.wall_s = 86'400, .boot_s = 1}; }};
}

void check_raw(const Json& raw, std::map<std::uint64_t, ethereum::Transaction>& payments) {
    const auto read = ethereum::decode_signed(bytes_of_hex(raw.text()));
    FUZZ_REQUIRE(read.ok());
    FUZZ_REQUIRE(read->sender.text() == payer_address);
    const auto& made = read->transaction;
    FUZZ_REQUIRE(made.chain_id == limits().chain_id);
    FUZZ_REQUIRE(made.gas_limit <= limits().max_gas);
    FUZZ_REQUIRE(!(limits().max_fee_per_gas < made.max_fee_per_gas));
    FUZZ_REQUIRE(!(number_of("250") < made.value));
    if (made.to.text() == payer_address) return;  // a no-op takes any nonce
    const auto [first, added] = payments.emplace(made.nonce, made);
    FUZZ_REQUIRE(added || ethereum::payload_difference(first->second, made).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto folder = [] {
        std::string name = (std::filesystem::temp_directory_path() / "fuzz_signer.XXXXXX").native();
        FUZZ_REQUIRE(::mkdtemp(name.data()) != nullptr);
        return std::filesystem::path(name);
    }();
    auto signer = make_signer(folder / "state.db");
    std::map<std::uint64_t, ethereum::Transaction> payments;
    fuzz::Input input(data, size);
    for (std::size_t line = 0; line < max_lines && !input.empty(); ++line) {
        const auto text = answer(signer, input.line());
        const auto json = parse_json(text);
        FUZZ_REQUIRE(json.ok());
        if (const auto* raw = json->find("raw")) check_raw(*raw, payments);
        const auto* code = json->find("refused");
        FUZZ_REQUIRE(code == nullptr || code->text() != "failed");
    }
    return 0;
}
