// The configuration of the price plugin.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stipend/config.hpp"
#include "stipend/result.hpp"
#include "stipend/usd.hpp"

namespace price {

inline constexpr int places = 8;                                        // of a rate
inline constexpr std::int64_t most_e8 = 1'000'000'000LL * stipend::e8;  // far above any price; catches typing errors
inline constexpr std::size_t most_sources = 16;

struct Source {
    std::string name;
    std::string url;
    std::string shown_url;  // scheme, host and port: the rest may hold a key
    std::string headers;    // "Name: value\r\n" lines
    std::string value;      // a JSON pointer; with `feed` empty
    std::string time;       // a JSON pointer, or empty
    std::string feed;       // 0x and 40 hex digits in lower case, or empty
    std::int64_t chain_id = 0;
    std::int64_t max_age_ns = 0;
};

struct Settings {
    std::string asset = "ETH";                   // the symbol of what is priced
    std::optional<std::int64_t> usd_per_eth_e8;  // fixed; then there are no sources
    std::vector<Source> sources;
    std::size_t quorum = 0;
    std::uint32_t max_deviation_ppm = 0;
    std::int64_t timeout_ns = 0;
};

// Pure; errors carry the JSON pointer of the value.
[[nodiscard]] stipend::Result<Settings> parse_settings(const stipend::Json& json);

}  // namespace price
