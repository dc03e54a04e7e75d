// SHA-256 of FIPS 180-4: of a text at once, or of parts as they come. Functions are thread-safe; a hasher belongs to
// one thread at a time. No memory or no algorithm ends in an exception of Botan or of the standard library.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "host/base/sha256.hpp"

namespace Botan {
class HashFunction;
}

namespace stipend {

using Sha256 = std::array<std::uint8_t, 32>;

class Sha256Hasher {
  public:
    Sha256Hasher();
    ~Sha256Hasher();
    Sha256Hasher(const Sha256Hasher&) = delete;
    Sha256Hasher& operator=(const Sha256Hasher&) = delete;

    void add(std::uint8_t byte);
    void add(std::span<const std::uint8_t> bytes);
    void add(std::string_view bytes);
    // As eight bytes, the highest one first.
    void add_number(std::uint64_t number);
    // The digest of what was added. Begins anew.
    [[nodiscard]] Sha256 finish();

  private:
    std::unique_ptr<Botan::HashFunction> state_;
};

[[nodiscard]] Sha256 sha256(std::string_view bytes);
// The same as 64 lower-case hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace stipend
