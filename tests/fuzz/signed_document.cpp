// Receipts and statements as they come from a payer. One that fits names the address that signed it, does not fit any
// other, and fits as well once it is written anew.
#include "host/receipt/receipt.hpp"
#include "tests/fuzz/target.hpp"

using namespace stipend;

namespace {

constexpr std::string_view other_address = "0x1111111111111111111111111111111111111111";

bool fits(std::string_view text, std::string_view address) {
    const auto checked = receipt::check_document(text, address);
    return checked && checked->problems.empty();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto checked = receipt::check_document(text, {});
    if (!checked || !checked->problems.empty()) return 0;
    FUZZ_REQUIRE(ethereum::Address::parse(checked->signer).has_value());
    FUZZ_REQUIRE(fits(text, checked->signer));
    FUZZ_REQUIRE(!fits(text, other_address));
    if (text.front() != '{') return 0;
    const auto document = parse_json(text);
    FUZZ_REQUIRE(!document.ok() || fits(document->dump(), checked->signer));
    return 0;
}
