// Values in the answers of a node, each in its one form. INVALID with `what`: another type, or another form. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "settings.hpp"
#include "stipend/json.hpp"

namespace evm {

// "0x" and hex digits without leading zeros; zero is "0x0". NULL is no value.
[[nodiscard]] stipend::Result<Uint256> read_quantity(const stipend::Json* json, std::string_view what);
[[nodiscard]] stipend::Result<std::uint64_t> read_small_quantity(const stipend::Json* json, std::string_view what);
// "0x" and two digits for each byte.
[[nodiscard]] stipend::Result<Bytes> read_bytes(const stipend::Json* json, std::string_view what);
[[nodiscard]] stipend::Result<Bytes32> read_hash(const stipend::Json* json, std::string_view what);
// Of 20 bytes, which may all be zero.
[[nodiscard]] stipend::Result<Address::Bytes> read_address(const stipend::Json* json, std::string_view what);
// INVALID also: another hash than is wanted.
[[nodiscard]] stipend::Result<void> check_hash(const stipend::Json* json, const Bytes32& wanted, std::string_view what);

}  // namespace evm
