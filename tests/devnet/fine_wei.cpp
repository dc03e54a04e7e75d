#include "tests/devnet/fine_wei.hpp"

#include <algorithm>
#include <limits>

namespace stipend::devnet {
namespace {

constexpr __int128 highest = std::numeric_limits<std::int64_t>::max();

std::int64_t clamped_wei(__int128 value) {
    return static_cast<std::int64_t>(std::clamp(value, -highest, highest));
}

std::string digits_of_integer(unsigned __int128 value) {
    std::string out;
    do {
        out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
        value /= 10;
    } while (value != 0);
    return out;
}

}  // namespace

std::int64_t floor_wei(FineWei amount) {
    auto whole = amount / fine_per_wei;
    if (amount % fine_per_wei < 0) --whole;
    return clamped_wei(whole);
}

std::string wei_text(FineWei amount, int decimals) {
    FineWei unit = fine_per_wei;
    for (int i = 0; i < decimals; ++i) unit /= 10;
    const bool negative = amount < 0;
    const auto magnitude = static_cast<unsigned __int128>(negative ? -amount : amount);
    const auto steps = static_cast<unsigned __int128>(unit);
    auto digits = digits_of_integer((magnitude + steps / 2) / steps);
    const auto places = static_cast<std::size_t>(decimals);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    if (places > 0) digits.insert(digits.size() - places, 1, '.');
    const bool zero = digits.find_first_not_of("0.") == std::string::npos;
    return (negative && !zero ? "-" : "") + digits;
}

Fraction reduced(FineWei price) {
    auto a = price < 0 ? -price : price;
    auto b = fine_per_wei;
    while (a != 0) {
        const auto rest = b % a;
        b = a;
        a = rest;
    }
    return {clamped_wei(price / b), clamped_wei(fine_per_wei / b)};
}

}  // namespace stipend::devnet
