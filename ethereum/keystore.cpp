#include "ethereum/keystore.hpp"

#include <botan/mem_ops.h>
#include <botan/pbkdf2.h>
#include <botan/pwdhash.h>
#include <botan/scrypt.h>
#include <botan/secmem.h>
#include <botan/stream_cipher.h>
#include <botan/system_rng.h>

#include <bit>
#include <charconv>
#include <exception>

#include "ethereum/bytes.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::ethereum {
namespace {

using Secret = Botan::secure_vector<std::uint8_t>;  // wiped when it is freed
constexpr std::size_t derived_bytes = 32;           // the half that encrypts, and the half of the MAC
constexpr std::size_t iv_bytes = 16;
constexpr std::size_t salt_bytes = 32;
constexpr std::size_t max_salt_bytes = 64;

template <class... Parts>
Error refuse(const Parts&... parts) {
    auto error = fail(STIPEND_E_INVALID, "keystore: ", parts...);
    error.permanent = true;
    return error;
}

Result<const Json*> member(const Json& object, std::string_view name, Json::Kind kind) {
    const auto* found = object.find(name);
    if (found != nullptr && found->is(kind)) return found;
    return refuse(name, ": got ", found == nullptr ? "nothing" : found->kind_name(), ", want ", Json::name_of(kind));
}

Result<std::uint64_t> number(const Json& object, std::string_view name, std::uint64_t most) {
    STIPEND_LET(found, member(object, name, Json::Kind::number));
    const auto& text = found->text();
    std::uint64_t out = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (fault != std::errc() || end != text.data() + text.size() || out == 0 || out > most) {
        return refuse(name, ": got ", text, ", want 1 to ", most);
    }
    return out;
}

Result<Bytes> hex(const Json& object, std::string_view name, std::size_t least, std::size_t most) {
    STIPEND_LET(found, member(object, name, Json::Kind::string));
    auto out = hex_decode(found->text());
    if (out && out->size() >= least && out->size() <= most) return std::move(*out);
    return refuse(name, ": want ", least, least == most ? "" : cat(" to ", most), " bytes in hex");
}

Result<void> word(const Json& object, std::string_view name, std::string_view want) {
    STIPEND_LET(found, member(object, name, Json::Kind::string));
    if (found->text() == want) return {};
    return refuse(name, ": got \"", clip(found->text(), 32), "\", want \"", want, "\"");
}

Result<void> check(const ScryptCost& cost) {
    if (!std::has_single_bit(cost.n) || cost.n < 2) return refuse("n: got ", cost.n, ", want a power of two");
    if (128 * cost.n * cost.r > max_scrypt_bytes || cost.n * cost.r * cost.p > max_scrypt_work) {
        return refuse("n, r, p: got ", cost.n, ", ", cost.r, ", ", cost.p, ", want at most 512 MiB and 2^23 steps");
    }
    return {};
}

Secret derive(const Botan::PasswordHash& hash, std::string_view passphrase, ByteView salt) {
    Secret out(derived_bytes);
    hash.derive_key(out.data(), out.size(), passphrase.data(), passphrase.size(), salt.data(), salt.size());
    return out;
}

Result<Secret> derive(const Json& crypto, std::string_view passphrase) {
    STIPEND_LET(kdf, member(crypto, "kdf", Json::Kind::string));
    STIPEND_LET(params, member(crypto, "kdfparams", Json::Kind::object));
    STIPEND_LET(length, number(*params, "dklen", 1024));
    if (length != derived_bytes) return refuse("dklen: got ", length, ", want ", derived_bytes);
    STIPEND_LET(salt, hex(*params, "salt", 1, max_salt_bytes));
    if (kdf->text() == "scrypt") {
        ScryptCost cost;
        STIPEND_SET(cost.n, number(*params, "n", highest_scrypt_cost.n));
        STIPEND_SET(cost.r, number(*params, "r", highest_scrypt_cost.r));
        STIPEND_SET(cost.p, number(*params, "p", highest_scrypt_cost.p));
        STIPEND_TRY(check(cost));
        return derive(Botan::Scrypt(cost.n, cost.r, cost.p), passphrase, salt);
    }
    if (kdf->text() == "pbkdf2") {
        STIPEND_TRY(word(*params, "prf", "hmac-sha256"));
        STIPEND_LET(rounds, number(*params, "c", max_pbkdf2_rounds));
        const auto family = Botan::PasswordHashFamily::create_or_throw("PBKDF2(SHA-256)");
        return derive(*family->from_params(rounds), passphrase, salt);
    }
    return refuse("kdf: got \"", clip(kdf->text(), 32), "\", want \"scrypt\" or \"pbkdf2\"");
}

// Encrypts and decrypts.
void run_cipher(const Secret& derived, ByteView iv, std::span<std::uint8_t> bytes) {
    const auto cipher = Botan::StreamCipher::create_or_throw("CTR-BE(AES-128)");
    cipher->set_key(derived.data(), derived_bytes / 2);
    cipher->set_iv(iv.data(), iv.size());
    cipher->cipher1(bytes.data(), bytes.size());
}

Hash256 mac_of(const Secret& derived, ByteView ciphertext) {
    return Keccak().add(ByteView(derived).last(derived_bytes / 2)).add(ciphertext).finish();
}

Result<PrivateKey> decrypt(const Json& crypto, std::string_view passphrase) {
    STIPEND_TRY(word(crypto, "cipher", "aes-128-ctr"));
    STIPEND_LET(cipher, member(crypto, "cipherparams", Json::Kind::object));
    STIPEND_LET(iv, hex(*cipher, "iv", iv_bytes, iv_bytes));
    STIPEND_LET(ciphertext, hex(crypto, "ciphertext", PrivateKey::size, PrivateKey::size));
    STIPEND_LET(mac, hex(crypto, "mac", sizeof(Hash256), sizeof(Hash256)));
    STIPEND_LET(derived, derive(crypto, passphrase));
    const auto want = mac_of(derived, ciphertext);
    if (!Botan::constant_time_compare(mac.data(), want.data(), want.size())) {
        return refuse("the passphrase is not the one that it was made with, or the file is damaged");
    }
    Secret secret(ciphertext.begin(), ciphertext.end());
    run_cipher(derived, iv, secret);
    return PrivateKey::from_bytes(std::span(std::as_const(secret)).first<PrivateKey::size>());
}

Result<PrivateKey> read(std::string_view text, std::string_view passphrase) {
    STIPEND_LET(json, parse_json(text, {.bytes = max_keystore_bytes, .depth = 8, .nodes = 200}));
    STIPEND_LET(version, number(json, "version", 1'000));
    if (version != 3) return refuse("version: got ", version, ", want 3");
    STIPEND_LET(crypto, member(json, json.find("Crypto") == nullptr ? "crypto" : "Crypto", Json::Kind::object));
    STIPEND_LET(key, decrypt(*crypto, passphrase));
    if (const auto* address = json.find("address")) {
        const auto& digits = address->text();
        const auto want = Address::parse(digits.starts_with("0x") ? digits : cat("0x", digits));
        if (want != key.address()) return refuse("address: its key is that of ", key.address().text());
    }
    return std::move(key);
}

// A random UUID (RFC 4122, version 4).
std::string uuid(std::span<std::uint8_t, 16> random) {
    random[6] = static_cast<std::uint8_t>((random[6] & 0x0f) | 0x40);
    random[8] = static_cast<std::uint8_t>((random[8] & 0x3f) | 0x80);
    auto out = hex_encode(random);
    for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, 1, '-');
    return out;
}

}  // namespace

Result<PrivateKey> open_keystore(std::string_view json, std::string_view passphrase) {
    try {
        return read(json, passphrase);
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "keystore: ", error.what());
    }
}

Result<std::string> make_keystore(const PrivateKey& key, std::string_view passphrase, ScryptCost cost) {
    STIPEND_TRY(check(cost));
    try {
        std::array<std::uint8_t, salt_bytes + iv_bytes + 16> random{};
        Botan::system_rng().randomize(random.data(), random.size());
        const auto salt = std::span(random).first<salt_bytes>();
        const auto iv = std::span(random).subspan<salt_bytes, iv_bytes>();
        const auto derived = derive(Botan::Scrypt(cost.n, cost.r, cost.p), passphrase, salt);
        Bytes ciphertext(key.secret().begin(), key.secret().end());
        run_cipher(derived, iv, ciphertext);
        auto crypto = Json::object();
        crypto.set("cipher", "aes-128-ctr").set("cipherparams", Json::object().set("iv", hex_encode(iv)));
        crypto.set("ciphertext", hex_encode(ciphertext)).set("kdf", "scrypt");
        crypto.set("kdfparams", Json::object()
                                    .set("dklen", derived_bytes)
                                    .set("n", cost.n)
                                    .set("p", cost.p)
                                    .set("r", cost.r)
                                    .set("salt", hex_encode(salt)));
        crypto.set("mac", hex_encode(mac_of(derived, ciphertext)));
        auto out = Json::object();
        out.set("address", hex_encode(key.address().bytes())).set("crypto", std::move(crypto));
        out.set("id", uuid(std::span(random).last<16>())).set("version", 3);
        return out.dump();
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "keystore: ", error.what());
    }
}

}  // namespace stipend::ethereum
