// Asks a running host, through the socket in its state folder.
#pragma once

#include <cstdint>
#include <string>

#include "host/config/settings.hpp"
#include "stipend/json.hpp"

namespace stipend::cli {

// Longer than a host takes for any answer but that of something slow.
inline constexpr std::uint32_t soon_ms = 150'000;
inline constexpr std::uint32_t slow_ms = 90'000'000;

// UNAVAILABLE where no host runs with that state folder; INVALID with the host's own words where it refuses.
Result<Json> ask_host(const config::Settings& settings, const std::string& method, const std::string& path,
                      const Json& body, std::uint32_t timeout_ms = soon_ms);

// The person that gives the order, for the record: the login name, also under sudo, else the user id.
[[nodiscard]] std::string requester();

// The text of a member of an answer; "-" where it is absent or null.
[[nodiscard]] std::string text_of(const Json& object, std::string_view key);
// The same on one line that fits a terminal: texts come from outside.
[[nodiscard]] std::string shown(const Json& object, std::string_view key);
// An amount in smallest units as one of whole units: `object` has the members "asset" and "decimals" beside it.
[[nodiscard]] std::string amount_of(const Json& object, std::string_view key);

}  // namespace stipend::cli
