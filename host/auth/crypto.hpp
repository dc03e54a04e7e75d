// What the kinds of credentials share: random bytes, comparison in constant time, texts that are wiped.
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::auth {

// The system's random bytes. INTERNAL: it has none; `out` is then undefined.
[[nodiscard]] Result<void> fill_random(std::span<std::uint8_t> out);
// So many random bytes as hex.
[[nodiscard]] Result<std::string> random_hex(std::size_t bytes);

// The time depends on the lengths alone.
[[nodiscard]] bool equal_in_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

// Overwrites memory in a way that the compiler does not remove.
void wipe(std::span<char> memory);
void wipe(std::string& text);

// A text that is wiped when it is destroyed. It is moved without leaving a copy behind.
class Secret {
  public:
    explicit Secret(std::string_view text) : text_(text.begin(), text.end()) {}
    ~Secret() { wipe(std::span<char>(text_)); }
    Secret(Secret&&) noexcept = default;
    Secret& operator=(Secret&& other) noexcept {
        text_.swap(other.text_);
        return *this;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    [[nodiscard]] std::string_view view() const { return {text_.data(), text_.size()}; }

  private:
    std::vector<char> text_;
};

// RFC 4648, section 5, without padding.
[[nodiscard]] std::string base64url_encode(std::string_view bytes);
// Nothing for text with padding, with other characters, or with bits after the last byte: each value has one text.
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

// Views of the same memory as bytes and as text.
[[nodiscard]] inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace stipend::auth
