#include "ethereum/keccak.hpp"

#include <botan/keccak.h>

namespace stipend {

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

Hash256 Keccak::finish() {
    Hash256 out{};
    impl_->hash.final(out.data());
    return out;
}

namespace {

// Botan's state lives in locked memory, which costs more to get than a short text to hash.
Keccak& of_this_thread() {
    thread_local Keccak hash;
    return hash;
}

}  // namespace

Hash256 keccak256(std::string_view bytes) {
    return of_this_thread().add(bytes).finish();
}
Hash256 keccak256(std::span<const std::uint8_t> bytes) {
    return of_this_thread().add(bytes).finish();
}

}  // namespace stipend
