#include "host/auth/challenge_response.hpp"

#include "host/auth/crypto.hpp"
#include "host/auth/eth_signature.hpp"
#include "host/base/sha256.hpp"
#include "stipend/hex.hpp"

namespace stipend::auth {

bool secret_response_matches(std::string_view response, std::string_view challenge, std::string_view id,
                             std::string_view secret) {
    Sha256 got{};
    if (secret.empty() || !hex_decode(response, got)) return false;
    auto text = cat(challenge, ":", id, ":", secret);
    const auto want = sha256(text);
    wipe(text);
    return equal_in_constant_time(got, want);
}

bool signed_response_matches(std::string_view response, std::string_view challenge, const EthAddress& address) {
    const auto signer = recover_personal_sign(challenge, response);
    return signer.ok() && *signer == address;
}

bool is_signed_response(std::string_view response) {
    return response.starts_with("0x");
}

}  // namespace stipend::auth
