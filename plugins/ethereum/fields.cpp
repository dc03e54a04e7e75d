#include "fields.hpp"

#include "stipend/hex.hpp"

namespace evm {

using stipend::fail;
using stipend::Json;
using stipend::Result;

namespace {

constexpr std::size_t most_digits = 64;
constexpr std::size_t small_digits = 16;

// As many bytes as `out` has.
template <class Array>
Result<Array> read_array(const Json* json, std::string_view what) {
    Array out{};
    const bool text = json != nullptr && json->is(Json::Kind::string) && json->text().starts_with("0x");
    if (!text || !stipend::hex_decode(std::string_view(json->text()).substr(2), out)) {
        return fail(STIPEND_E_INVALID, what, ": want 0x and ", 2 * out.size(), " hex digits");
    }
    return out;
}

// The digits of a quantity, filled up with zeros.
Result<Bytes32> read_digits(const Json* json, std::size_t digits_limit, std::string_view what) {
    const auto bad = [&] {
        return fail(STIPEND_E_INVALID, what, ": want a quantity: 0x and hex digits, no zero first");
    };
    if (json == nullptr || !json->is(Json::Kind::string)) return bad();
    std::string_view digits = json->text();
    if (!digits.starts_with("0x")) return bad();
    digits.remove_prefix(2);
    if (digits.empty() || digits.size() > digits_limit || (digits.size() > 1 && digits.front() == '0')) return bad();
    Bytes32 bytes{};
    if (!stipend::hex_decode(std::string(most_digits - digits.size(), '0').append(digits), bytes)) return bad();
    return bytes;
}

}  // namespace

Result<Uint256> read_quantity(const Json* json, std::string_view what) {
    STIPEND_LET(bytes, read_digits(json, most_digits, what));
    return stipend::ethereum::from_bytes32(bytes);
}

Result<std::uint64_t> read_small_quantity(const Json* json, std::string_view what) {
    STIPEND_LET(bytes, read_digits(json, small_digits, what));
    std::uint64_t out = 0;
    for (std::size_t at = bytes.size() - sizeof out; at < bytes.size(); ++at) out = out << 8U | bytes[at];
    return out;
}

Result<Bytes> read_bytes(const Json* json, std::string_view what) {
    const bool text = json != nullptr && json->is(Json::Kind::string) && json->text().starts_with("0x");
    auto out = text ? stipend::hex_decode(std::string_view(json->text()).substr(2)) : std::nullopt;
    if (!out) return fail(STIPEND_E_INVALID, what, ": want 0x and two hex digits for each byte");
    return std::move(*out);
}

Result<Bytes32> read_hash(const Json* json, std::string_view what) {
    return read_array<Bytes32>(json, what);
}

Result<Address::Bytes> read_address(const Json* json, std::string_view what) {
    return read_array<Address::Bytes>(json, what);
}

Result<void> check_hash(const Json* json, const Bytes32& wanted, std::string_view what) {
    STIPEND_LET(hash, read_hash(json, what));
    if (hash != wanted) return fail(STIPEND_E_INVALID, what, ": got another one than was asked for");
    return {};
}

}  // namespace evm
