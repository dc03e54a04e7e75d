#include "host/base/sha256.hpp"

#include <botan/hash.h>

#include "stipend/hex.hpp"

namespace stipend {

Sha256Hasher::Sha256Hasher() : state_(Botan::HashFunction::create_or_throw("SHA-256")) {}

Sha256Hasher::~Sha256Hasher() = default;

void Sha256Hasher::add(std::uint8_t byte) {
    state_->update(byte);
}

void Sha256Hasher::add(std::span<const std::uint8_t> bytes) {
    state_->update(bytes.data(), bytes.size());
}

void Sha256Hasher::add(std::string_view bytes) {
    state_->update(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void Sha256Hasher::add_number(std::uint64_t number) {
    state_->update_be(number);
}

Sha256 Sha256Hasher::finish() {
    Sha256 out{};
    state_->final(out.data());
    return out;
}

Sha256 sha256(std::string_view bytes) {
    Sha256Hasher hasher;
    hasher.add(bytes);
    return hasher.finish();
}

std::string sha256_hex(std::string_view bytes) {
    return hex_encode(sha256(bytes));
}

}  // namespace stipend
