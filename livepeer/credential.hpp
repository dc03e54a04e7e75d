// The credential of a gateway: its Ethereum address, and its signature over that address. Orchestrators require one
// with each request for a token, and state a price only to an address with a reserve. It is static, opens no account
// and moves no money; it makes an orchestrator quote what it will ask of that gateway. Pure.
#pragma once

#include <string>
#include <string_view>

#include "livepeer/eth_key.hpp"
#include "stipend/result.hpp"

namespace livepeer {

struct Credential {
    std::string address;    // the text that is signed
    std::string signature;  // "0x" and 130 hex digits

    // {"addr":"0x...","sig":"0x..."}
    [[nodiscard]] std::string json() const;
    // The value of the `Livepeer-Eth-Address` header: base64 of `json()`.
    [[nodiscard]] std::string header() const;
};

// That of a key itself, instead of a gateway's.
Credential credential_of(const EthKey& key);

// Reads what `json()` or `header()` gives, with blanks around it. INVALID: malformed, or the signature is not by the
// key of the address.
stipend::Result<Credential> parse_credential(std::string_view text);

// From an address and the 65 raw bytes of its signature. INVALID as above; the text is never trusted.
stipend::Result<Credential> make_credential(std::string_view address, std::string_view signature);

// The same, from the signature as hex digits, with or without 0x.
stipend::Result<Credential> make_credential_of_hex(std::string_view address, std::string_view signature);

// Reads the answer of a remote signer's `POST /sign-orchestrator-info`. INVALID: malformed, or another's signature.
stipend::Result<Credential> read_signer_answer(std::string_view body);

// The body of a gateway's `POST /signMessage`, which signs any bytes: the Keccak-256 of the address, nothing else.
std::string sign_request_body(std::string_view address);

}  // namespace livepeer
