// Signed bytes and calls of contracts. What is read is written again as the same bytes, and nothing else is read. The
// first byte says which: even, a signed transaction; odd, the data of a call.
#include "ethereum/transaction.hpp"

#include <algorithm>

#include "ethereum/abi.hpp"
#include "ethereum/rlp.hpp"
#include "tests/fuzz/target.hpp"

using namespace stipend::ethereum;

namespace {

void read_transaction(ByteView raw) {
    const auto read = decode_signed(raw);
    if (!read) return;
    FUZZ_REQUIRE(std::ranges::equal(read->raw, raw));
    FUZZ_REQUIRE(check(read->transaction).ok());
    FUZZ_REQUIRE(is_low_s(read->signature));
    FUZZ_REQUIRE(recover(signing_hash(read->transaction), read->signature) == read->sender);
    FUZZ_REQUIRE(payload_difference(read->transaction, read->transaction).empty());
}

void read_call(ByteView data) {
    const auto call = decode_call(data);
    if (!call) return;
    FUZZ_REQUIRE(std::ranges::equal(encode_call(*call), data));
    if (const auto* batch = std::get_if<BatchCall>(&*call)) {
        FUZZ_REQUIRE(!batch->payments.empty() && batch->payments.size() <= max_batch_payments);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView rest(data + 1, size - 1);
    if (data[0] % 2 == 0) {
        read_transaction(rest);
        (void)parse_rlp(rest);
    } else {
        read_call(rest);
    }
    return 0;
}
