#include "host/auth/crypto.hpp"

#include <botan/mem_ops.h>
#include <botan/system_rng.h>

#include <exception>

#include "stipend/hex.hpp"

namespace stipend::auth {
namespace {

constexpr std::string_view base64url_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

Result<void> fill_random(std::span<std::uint8_t> out) {
    try {
        Botan::system_rng().randomize(out.data(), out.size());
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "no random bytes: ", error.what());
    }
    return {};
}

Result<std::string> random_hex(std::size_t bytes) {
    std::vector<std::uint8_t> random(bytes);
    STIPEND_TRY(fill_random(random));
    return hex_encode(random);
}

bool equal_in_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
    return a.size() == b.size() && Botan::constant_time_compare(a.data(), b.data(), a.size());
}
bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return equal_in_constant_time(bytes_of(a), bytes_of(b));
}

void wipe(std::span<char> memory) {
    if (!memory.empty()) Botan::secure_scrub_memory(memory.data(), memory.size());
}
void wipe(std::string& text) {
    wipe(std::span<char>(text));
    text.clear();
}

std::string base64url_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const auto byte : bytes_of(bytes)) {
        bits = bits << 8 | byte;
        for (count += 8; count >= 6;) {
            count -= 6;
            out.push_back(base64url_digits[bits >> count & 63]);
        }
    }
    if (count > 0) out.push_back(base64url_digits[bits << (6 - count) & 63]);
    return out;
}

std::optional<std::string> base64url_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto digit = base64url_digits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.push_back(static_cast<char>(bits >> count & 0xff));
        }
    }
    // A single digit holds no byte; the bits after the last byte are zero in the one text of a value.
    if (count >= 6 || (bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return out;
}

}  // namespace stipend::auth
