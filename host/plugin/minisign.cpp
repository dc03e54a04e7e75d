#include "host/plugin/minisign.hpp"

#include <botan/base64.h>
#include <botan/hash.h>
#include <botan/system_rng.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <vector>

#include "host/base/printable.hpp"
#include "stipend/hex.hpp"

namespace stipend::plugin {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view untrusted = "untrusted comment: ";
constexpr std::string_view trusted = "trusted comment: ";
// Two bytes each, at the beginning of what base64 holds.
constexpr std::string_view ed25519 = "Ed";    // of a key, and of a signature over the file's bytes
constexpr std::string_view prehashed = "ED";  // of a signature over the file's BLAKE2b hash
constexpr std::string_view blake2b = "B2";    // of the check sum of a secret key, zero where it has no password
constexpr std::string_view no_password{"\0\0", 2};

constexpr std::size_t public_bytes = 2 + 8 + 32;
constexpr std::size_t signature_bytes = 2 + 8 + 64;
constexpr std::size_t salt_and_cost_bytes = 32 + 8 + 8;
constexpr std::size_t check_sum_bytes = 32;
constexpr std::size_t secret_bytes = 2 + 2 + 2 + salt_and_cost_bytes + 8 + 64 + check_sum_bytes;

std::span<const std::uint8_t> octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void append(Bytes& out, std::span<const std::uint8_t> more) {
    out.insert(out.end(), more.begin(), more.end());
}

Bytes hash_of_file(std::span<const std::uint8_t> bytes) {
    const auto state = Botan::HashFunction::create_or_throw("BLAKE2b(512)");
    state->update(bytes.data(), bytes.size());
    Bytes out(state->output_length());
    state->final(out.data());
    return out;
}

// What `text` holds in base64, where that is `size` bytes. Of the texts that hold the same, only one is taken.
std::optional<Bytes> decode(std::string_view text, std::size_t size) {
    try {
        const auto out = Botan::base64_decode(text.data(), text.size(), false);
        if (out.size() != size || Botan::base64_encode(out.data(), out.size()) != text) return std::nullopt;
        return Bytes(out.begin(), out.end());
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

// The same, where they begin with one of `begins`.
std::optional<Bytes> decode(std::string_view text, std::size_t size, std::initializer_list<std::string_view> begins) {
    auto out = decode(text, size);
    if (!out) return std::nullopt;
    const auto fits = [&](std::string_view begin) {
        return std::ranges::equal(octets(begin), std::span(*out).first(2));
    };
    return std::ranges::any_of(begins, fits) ? std::move(out) : std::nullopt;
}

template <std::size_t N>
std::array<std::uint8_t, N> part_of(const Bytes& bytes, std::size_t at) {
    std::array<std::uint8_t, N> out{};
    STIPEND_ASSERT(at + N <= bytes.size());
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), N, out.begin());
    return out;
}

// The lines of a file of `count` lines. None: there are more or fewer.
std::optional<std::vector<std::string_view>> lines_of(std::string_view text, std::size_t count) {
    std::vector<std::string_view> out;
    while (!text.empty() && out.size() <= count) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        out.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out.size() == count ? std::optional(std::move(out)) : std::nullopt;
}

// The message that the second signature of a file is over.
Bytes signed_comment(const Ed25519Signature& signature, std::string_view comment) {
    Bytes out(signature.begin(), signature.end());
    append(out, octets(comment));
    return out;
}

std::string id_text_of(const std::array<std::uint8_t, 8>& id) {
    auto reversed = id;
    std::ranges::reverse(reversed);
    auto out = hex_encode(reversed);
    for (auto& digit : out) digit = digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
    return out;
}

}  // namespace

std::string TrustedKey::id_text() const {
    return id_text_of(id);
}

std::string TrustedKey::text() const {
    Bytes out;
    append(out, octets(ed25519));
    append(out, id);
    append(out, key);
    return Botan::base64_encode(out.data(), out.size());
}

Result<TrustedKey> parse_trusted_key(std::string_view text) {
    const auto bytes = decode(text, public_bytes, {ed25519});
    if (!bytes) {
        return fail(STIPEND_E_CONFIG, "not a public key of minisign: got ", text.size(),
                    " characters, want the 56 of the second line of a .pub file");
    }
    return TrustedKey{.id = part_of<8>(*bytes, 2), .key = part_of<32>(*bytes, 10)};
}

Result<SignedBy> check_signature(std::span<const std::uint8_t> bytes, std::string_view signature,
                                 std::span<const TrustedKey> keys) {
    const auto lines = lines_of(signature, 4);
    const bool framed = lines && (*lines)[0].starts_with(untrusted) && (*lines)[2].starts_with(trusted);
    const auto first = framed ? decode((*lines)[1], signature_bytes, {ed25519, prehashed}) : std::nullopt;
    const auto second = first ? decode((*lines)[3], std::tuple_size_v<Ed25519Signature>) : std::nullopt;
    if (!second) return fail(STIPEND_E_CONFIG, "not a signature of minisign: want its four lines");
    const auto id = part_of<8>(*first, 2);
    const auto over_file = part_of<64>(*first, 10);
    const auto found = std::ranges::find(keys, id, &TrustedKey::id);
    if (found == keys.end()) {
        std::string wanted;
        for (const auto& key : keys) wanted += cat(wanted.empty() ? "" : " or ", key.id_text());
        return fail(STIPEND_E_CONFLICT, "signed by the key ", id_text_of(id), ", want ", wanted);
    }
    const bool is_hash = std::ranges::equal(octets(prehashed), std::span(*first).first(2));
    const bool is_of_file = is_hash ? ed25519_verify(found->key, hash_of_file(bytes), over_file)
                                    : ed25519_verify(found->key, bytes, over_file);
    if (!is_of_file) {
        return fail(STIPEND_E_CONFLICT, "the signature by the key ", found->id_text(), " is not one of these bytes");
    }
    const auto comment = (*lines)[2].substr(trusted.size());
    if (!ed25519_verify(found->key, signed_comment(over_file, comment), *second)) {
        return fail(STIPEND_E_CONFLICT, "the signature by the key ", found->id_text(),
                    " is not one of its trusted comment: got \"", printable_line(comment.substr(0, 200)), "\"");
    }
    return SignedBy{.key = *found, .comment = std::string(comment)};
}

Result<SigningKey> make_signing_key() {
    SigningKey out;
    try {
        Botan::system_rng().randomize(out.seed.data(), out.seed.size());
        Botan::system_rng().randomize(out.pair.id.data(), out.pair.id.size());
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "no random bytes: ", error.what());
    }
    out.pair.key = ed25519_public(out.seed);
    return out;
}

std::string secret_key_file(const SigningKey& key) {
    Bytes out;
    append(out, octets(ed25519));
    append(out, octets(no_password));
    append(out, octets(blake2b));
    append(out, Bytes(salt_and_cost_bytes));
    append(out, key.pair.id);
    append(out, key.seed);
    append(out, key.pair.key);
    append(out, Bytes(check_sum_bytes));
    STIPEND_ASSERT(out.size() == secret_bytes);
    return cat(untrusted, "secret key of stipend, without a password\n", Botan::base64_encode(out.data(), out.size()),
               "\n");
}

std::string public_key_file(const TrustedKey& key) {
    return cat(untrusted, "minisign public key ", key.id_text(), "\n", key.text(), "\n");
}

Result<SigningKey> parse_secret_key(std::string_view text) {
    const auto lines = lines_of(text, 2);
    const auto bytes =
        lines && (*lines)[0].starts_with(untrusted) ? decode((*lines)[1], secret_bytes, {ed25519}) : std::nullopt;
    if (!bytes) return fail(STIPEND_E_CONFIG, "not a secret key of minisign: want the two lines of its file");
    if (!std::ranges::equal(octets(no_password), std::span(*bytes).subspan(2, 2))) {
        return fail(STIPEND_E_CONFIG, "the key has a password: sign with `minisign -S`");
    }
    SigningKey out;
    constexpr std::size_t at = 6 + salt_and_cost_bytes;
    out.pair.id = part_of<8>(*bytes, at);
    out.seed = part_of<32>(*bytes, at + 8);
    out.pair.key = part_of<32>(*bytes, at + 40);
    if (out.pair.key != ed25519_public(out.seed)) {
        return fail(STIPEND_E_CONFIG, "the secret key is damaged: it does not belong to its public key");
    }
    return out;
}

std::string sign(std::span<const std::uint8_t> bytes, const SigningKey& key, std::string_view comment) {
    STIPEND_ASSERT(comment.find('\n') == std::string_view::npos);
    const auto over_file = ed25519_sign(key.seed, hash_of_file(bytes));
    const auto over_comment = ed25519_sign(key.seed, signed_comment(over_file, comment));
    Bytes first;
    append(first, octets(prehashed));
    append(first, key.pair.id);
    append(first, over_file);
    return cat(untrusted, "signature by the key ", key.pair.id_text(), "\n",
               Botan::base64_encode(first.data(), first.size()), "\n", trusted, comment, "\n",
               Botan::base64_encode(over_comment.data(), over_comment.size()), "\n");
}

}  // namespace stipend::plugin
