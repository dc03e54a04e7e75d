// Ether as the configuration writes it, apart from signed_wei.hpp: headers that need no wei are spared its wide
// integers.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "stipend/decimal.hpp"

namespace stipend {

// A whole number of gwei, which are 10^9 wei.
class Eth {
  public:
    constexpr Eth() = default;
    [[nodiscard]] static constexpr Eth of_gwei(std::int64_t count) { return Eth(count); }
    [[nodiscard]] constexpr std::int64_t count_gwei() const { return count_; }
    // The shortest exact decimal number of ether, with its unit: "0.01 ETH".
    [[nodiscard]] std::string text() const { return scaled_text(count_, 9) + " ETH"; }
    friend constexpr auto operator<=>(const Eth&, const Eth&) = default;

  private:
    explicit constexpr Eth(std::int64_t count) : count_(count) {}
    std::int64_t count_ = 0;
};

}  // namespace stipend
