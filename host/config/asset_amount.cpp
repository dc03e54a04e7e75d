#include "host/config/asset_amount.hpp"

#include <algorithm>

namespace stipend::config {
namespace {

constexpr std::size_t max_whole_digits = 18;
constexpr std::size_t gwei_decimals = 9;

// The digits of a number without its point, with so many decimals; empty: it has more, or is no number.
std::string scaled_digits(std::string_view number, std::size_t decimals) {
    const auto point = std::min(number.find('.'), number.size());
    const auto whole = number.substr(0, point);
    const auto part = number.substr(std::min(point + 1, number.size()));
    const auto is_digits = [](std::string_view text) {
        return text.find_first_not_of("0123456789") == std::string_view::npos;
    };
    if (whole.empty() || !is_digits(whole) || !is_digits(part) || part.size() > decimals) return {};
    if (whole.size() > max_whole_digits + (decimals == gwei_decimals ? gwei_decimals : 0)) return {};
    return std::string(whole) + std::string(part) + std::string(decimals - part.size(), '0');
}

}  // namespace

Result<SignedWei> units_of(std::string_view amount, const Asset& asset) {
    const auto space = std::min(amount.rfind(' '), amount.size());
    const auto number = amount.substr(0, space);
    const auto unit = amount.substr(std::min(space + 1, amount.size()));
    const bool gwei = asset.token.empty() && unit == "gwei";
    const auto decimals = gwei ? gwei_decimals : static_cast<std::size_t>(asset.decimals);
    const auto digits = gwei || unit == asset.symbol ? scaled_digits(number, decimals) : std::string();
    if (!digits.empty()) return SignedWei::parse(digits);
    return fail(STIPEND_E_INVALID, "got ", amount, ", want an amount of ", asset.symbol, " with at most ",
                asset.decimals, " decimals, such as 20 ", asset.symbol);
}

}  // namespace stipend::config
