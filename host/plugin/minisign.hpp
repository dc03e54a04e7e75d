// Signatures of plugin files, in the format of minisign (jedisct1/minisign, minisign.1): Ed25519 over the file's
// BLAKE2b hash, in a text file beside it. What `minisign -S` signs is taken here, and `minisign -V` takes what is
// signed here. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "host/base/ed25519.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

inline constexpr std::string_view signature_suffix = ".minisig";
inline constexpr std::size_t max_signature_file_bytes = 16'384;

// A public key with the id by which a signature names it.
struct TrustedKey {
    std::array<std::uint8_t, 8> id = {};
    Ed25519Public key = {};
    // As minisign prints it: 16 hex digits, the last byte first.
    [[nodiscard]] std::string id_text() const;
    // As in the second line of a `.pub` file: 56 characters of base64.
    [[nodiscard]] std::string text() const;
    friend bool operator==(const TrustedKey&, const TrustedKey&) = default;
};
// CONFIG: not such a text.
[[nodiscard]] Result<TrustedKey> parse_trusted_key(std::string_view text);

// The key that signed a file, and what it signed beside it: the text of "trusted comment", any bytes but line ends.
struct SignedBy {
    TrustedKey key;
    std::string comment;
};
// Whether one of `keys` signed `bytes`, by the text of a signature file. CONFIG: it is no such text. CONFLICT: it is
// signed by another key, or the signature is not one of these bytes or of this comment.
[[nodiscard]] Result<SignedBy> check_signature(std::span<const std::uint8_t> bytes, std::string_view signature,
                                               std::span<const TrustedKey> keys);

// A secret key without a password.
struct SigningKey {
    TrustedKey pair;
    std::array<std::uint8_t, 32> seed = {};
};
// INTERNAL: the system has no random bytes.
[[nodiscard]] Result<SigningKey> make_signing_key();
// The text of a secret key's file, and of the public one's.
[[nodiscard]] std::string secret_key_file(const SigningKey& key);
[[nodiscard]] std::string public_key_file(const TrustedKey& key);
// CONFIG: not the text of a secret key's file, or one with a password, by which only minisign signs.
[[nodiscard]] Result<SigningKey> parse_secret_key(std::string_view text);
// The text of a signature file. `comment` has no line end.
[[nodiscard]] std::string sign(std::span<const std::uint8_t> bytes, const SigningKey& key, std::string_view comment);

}  // namespace stipend::plugin
