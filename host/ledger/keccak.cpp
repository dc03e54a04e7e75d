#include "host/ledger/keccak.hpp"

#include <botan/keccak.h>

namespace stipend::ledger {

struct Keccak::Impl {
    Botan::Keccak_1600 hash{256};
};

Keccak::Keccak() : impl_(std::make_unique<Impl>()) {}
Keccak::~Keccak() = default;

Keccak& Keccak::add(std::span<const std::uint8_t> bytes) {
    impl_->hash.update(bytes.data(), bytes.size());
    return *this;
}

Keccak& Keccak::add(std::string_view text) {
    impl_->hash.update(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    return *this;
}

Hash Keccak::finish() {
    Hash out{};
    impl_->hash.final(out.data());
    return out;
}

Hash keccak256(std::string_view bytes) {
    return Keccak().add(bytes).finish();
}

std::string hex(std::span<const std::uint8_t> bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        out.push_back(digits[byte >> 4]);
        out.push_back(digits[byte & 15]);
    }
    return out;
}

}  // namespace stipend::ledger
