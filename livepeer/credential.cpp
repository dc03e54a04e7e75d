#include "livepeer/credential.hpp"

#include <botan/base64.h>

#include <array>
#include <cstdint>
#include <exception>

#include "livepeer/wire.hpp"
#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"

namespace livepeer {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;

namespace {

constexpr std::size_t most_credential = 4096;  // bytes of text
constexpr std::size_t most_signer_answer = 65'536;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

Result<std::string> decoded(std::string_view text) {
    if (text.starts_with('{')) return std::string(text);
    try {
        const auto bytes = Botan::base64_decode(text.data(), text.size(), false);
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    } catch (const std::exception&) {
        return fail(STIPEND_E_INVALID, "not a credential: want {\"addr\":\"0x...\",\"sig\":\"0x...\"} or its base64");
    }
}

Result<std::string> member(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    if (found == nullptr || !found->is(Json::Kind::string)) {
        return fail(STIPEND_E_INVALID, "not a credential: ", key, " is missing, or not a text");
    }
    return found->text();
}

}  // namespace

std::string Credential::json() const {
    auto out = Json::object();
    out.set("addr", address);
    out.set("sig", signature);
    return out.dump();
}

std::string Credential::header() const {
    const auto text = json();
    return Botan::base64_encode(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

Credential credential_of(const EthKey& key) {
    return {key.address(), key.sign(key.address())};
}

Result<Credential> parse_credential(std::string_view text) {
    text = trimmed(text);
    if (text.empty() || text.size() > most_credential) {
        return fail(STIPEND_E_INVALID, "not a credential: got ", text.size(), " bytes, want 1 to ", most_credential);
    }
    STIPEND_LET(plain, decoded(text));
    const auto json = stipend::parse_json(plain, {.bytes = most_credential, .depth = 2, .nodes = 20});
    if (!json || !json->is(Json::Kind::object)) return fail(STIPEND_E_INVALID, "not a credential: want a JSON object");
    STIPEND_LET(address, member(*json, "addr"));
    STIPEND_LET(signature, member(*json, "sig"));
    return make_credential_of_hex(address, signature);
}

Result<Credential> make_credential_of_hex(std::string_view address, std::string_view digits) {
    if (digits.starts_with("0x")) digits.remove_prefix(2);
    std::array<std::uint8_t, eth_signature_bytes> bytes{};
    if (!stipend::hex_decode(digits, bytes)) {
        return fail(STIPEND_E_INVALID, "not a signature: want 0x and ", 2 * eth_signature_bytes, " hex digits");
    }
    return make_credential(address, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Result<Credential> make_credential(std::string_view address, std::string_view signature) {
    if (!is_eth_address(address)) {
        return fail(STIPEND_E_INVALID, "not an Ethereum address: want 0x and 40 hex digits");
    }
    auto signer = signer_of(address, signature);
    if (!signer) return std::move(signer).error().in(cat("the signature over ", address));
    if (!stipend::ascii::equal_ignoring_case(*signer, address)) {
        return fail(STIPEND_E_INVALID, "the signature over ", address, " is by ", *signer, ", want that address");
    }
    std::string bytes(signature);
    if (static_cast<unsigned char>(bytes.back()) < 27) bytes.back() = static_cast<char>(bytes.back() + 27);
    return Credential{std::string(address), "0x" + stipend::hex_encode(bytes)};
}

Result<Credential> read_signer_answer(std::string_view body) {
    const auto json = stipend::parse_json(body, {.bytes = most_signer_answer, .depth = 4, .nodes = 100});
    const auto* address = json ? json->find("address") : nullptr;
    const auto* signature = json ? json->find("signature") : nullptr;
    const auto is_text = [](const Json* value) { return value != nullptr && value->is(Json::Kind::string); };
    if (!is_text(address) || !is_text(signature)) {
        return fail(STIPEND_E_INVALID, "got \"", printable(body, 80), "\", want {\"address\":...,\"signature\":...}");
    }
    return make_credential_of_hex(address->text(), signature->text());
}

std::string sign_request_body(std::string_view address) {
    std::string out = "message=";
    for (const auto byte : stipend::keccak256(address)) {
        const std::uint8_t one[] = {byte};
        out += "%" + stipend::hex_encode(one);
    }
    return out;
}

}  // namespace livepeer
