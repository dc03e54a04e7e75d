#include "tests/devnet/token.hpp"

#include "stipend/result.hpp"
#include "tests/devnet/eth.hpp"
#include "tests/devnet/message.hpp"

namespace stipend::devnet {
namespace {

constexpr std::int64_t one_in = 1000;  // tickets that win
// floor((2^256 - 1) / one_in) without its first byte, which is 0.
constexpr std::string_view win_probability =
    "\x41\x89\x37\x4b\xc6\xa7\xef\x9d\xb2\x2d\x0e\x56\x04\x18\x93\x74\xbc\x6a\x7e\xf9\xdb\x22\xd0\xe5\x60\x41\x89\x37"
    "\x4b\xc6\xa7";
constexpr std::int64_t expiration_block = 20'000'000;
constexpr std::int64_t round_number = 4000;

// The shortest big-endian form.
std::string big_endian(unsigned __int128 value) {
    std::string out;
    for (; value != 0; value >>= 8) out.insert(out.begin(), static_cast<char>(value & 0xff));
    return out;
}

std::string base64_string(std::string_view bytes) {
    return json_string(encode_base64(bytes));
}

std::string ticket_params(const Token& token, const Settings& settings) {
    const auto identity = keccak256(cat("orchestrator ", token.orchestrator, " ", settings.seed));
    auto out = cat(R"({"recipient":)", base64_string(std::string_view(identity).substr(12)));
    if (token.price > 0) {
        const auto face_value = static_cast<unsigned __int128>(settings.ticket_ev_wei) * one_in;
        out += cat(R"(,"face_value":)", base64_string(big_endian(face_value)), R"(,"win_prob":)",
                   base64_string(win_probability));
    }
    return cat(out, R"(,"recipient_rand_hash":)", base64_string(keccak256(identity)), R"(,"seed":)",
               base64_string(identity), R"(,"expiration_block":)", base64_string(big_endian(expiration_block)),
               R"(,"expiration_params":{"creation_round":)", round_number, R"(,"creation_round_block_hash":)",
               base64_string(keccak256("round")), "}}");
}

}  // namespace

std::string token_text(const Token& token, const Settings& settings) {
    const bool head = settings.era == Era::head;
    auto out = cat(R"({"sender_address":{"addr":)", json_string(token.addr), R"(,"sig":)", json_string(token.sig),
                   R"(},"ticket_params":)", ticket_params(token, settings));
    if (const auto balance = floor_wei(token.balance); balance != 0) out += cat(R"(,"balance":)", balance);
    const auto [numerator, denominator] = reduced(token.price);
    const auto units = numerator == 0 ? std::string() : cat(R"("pricePerUnit":)", numerator, ",");
    out += cat(R"(,"price":{)", units, R"("pixelsPerUnit":)", denominator, R"(},"service_addr":)",
               json_string(token.service_address));
    if (!head) return out + "}\n";
    if (token.capacity > 0) out += cat(R"(,"available_capacity":)", token.capacity);
    return out + ",\"LastNonce\":0}\n";
}

}  // namespace stipend::devnet
