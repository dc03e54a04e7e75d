// The requests of the socket and their answers: JSON objects, as docs/signer.md describes them. Without I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "stipend/json.hpp"
#include "tools/signer/signer.hpp"

namespace stipend::signer {

// A frame is the length of its JSON in four bytes, the most significant first, and the JSON.
inline constexpr std::size_t frame_head_bytes = 4;
inline constexpr std::size_t max_request_bytes = std::size_t{512} << 10;

struct SignRequest {
    Transaction transaction;
    Claim claim;
};
// Refused as `bad_request`: a member that is missing, unknown or malformed.
[[nodiscard]] Judged<SignRequest> parse_sign_request(const Json& request);

// The answer to one request. Never fails: what goes wrong is an answer too. One thread.
[[nodiscard]] std::string answer(Signer& signer, std::string_view request);
// {"refused":code,"message":...}
[[nodiscard]] std::string refusal_text(const Refusal& refusal);
[[nodiscard]] std::string frame(std::string_view json);

}  // namespace stipend::signer
