// The logs of a receipt of a batch. Each is a byte for its address (0: the batch contract's), one for the number of its
// topics, the topics, a byte for the length of its data, and the data. What is accepted says of each payment of the
// batch, in its order, whether it was paid, and has one event for each that was not, and one more.
#include <algorithm>
#include <array>

#include "ethereum/batch_contract.hpp"
#include "tests/fuzz/target.hpp"

using namespace stipend;
using namespace stipend::ethereum;

namespace {

Address address_of(std::uint8_t last) {
    std::array<std::uint8_t, 20> bytes{};
    bytes.front() = 1;
    bytes.back() = last;
    return *Address::of(bytes);
}

const BatchCall& batch() {
    static const BatchCall out{.payments = {{address_of(1), Uint256(std::uint64_t{5})},
                                            {address_of(2), Uint256(std::uint64_t{6})},
                                            {address_of(2), Uint256(std::uint64_t{7})}}};
    return out;
}

Log read_log(fuzz::Input& input) {
    Log out{address_of(input.byte()), {}, {}};
    out.topics.resize(input.byte() % 8);
    for (auto& topic : out.topics) std::ranges::copy(input.text(topic.size()), topic.begin());
    const auto data = input.text(input.byte());
    out.data.assign(data.begin(), data.end());
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    std::vector<Log> logs;
    while (!input.empty()) logs.push_back(read_log(input));
    const auto contract = address_of(0);
    const auto outcomes = outcomes_of(batch(), address_of(9), contract, logs);
    if (!outcomes) return 0;
    FUZZ_REQUIRE(std::ranges::equal(*outcomes, batch().payments, {}, &PaymentOutcome::payment));
    const auto events = std::ranges::count(logs, contract, &Log::address);
    FUZZ_REQUIRE(std::ranges::count(*outcomes, false, &PaymentOutcome::paid) == events - 1);
    return 0;
}
