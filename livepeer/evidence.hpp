// The part of a worker's report that it signs, and its verification. Pure, except for the generation of a key.
//
// A signature proves the author of the report (the holder of the key) and that it was made for this job (the nonce is
// unique). It does not prove that the report is true: a worker measures itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "livepeer/uptime.hpp"
#include "stipend/abi/dispatch.h"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace livepeer {

inline constexpr std::int64_t evidence_version = 1;
inline constexpr std::size_t key_bytes = 32;
inline constexpr std::size_t signature_bytes = 64;

struct Evidence {
    std::string orchestrator_id;  // the orchestrator of the worker; no control characters
    std::string nonce;            // hex, as in the job
    std::string period_from;      // UTC nanoseconds, decimal, as in the job
    std::string period_to;
    std::uint32_t uptime_ppm = 0;
    std::uint32_t window_s = 0;
    std::uint32_t coverage_ppm = 0;
    std::string services_sha256;  // hex
};

// The signed text: a line with the domain, then "name=value" for each field; each line ends with '\n'.
std::string canonical_text(const Evidence& evidence);

// Hex SHA-256 over "name up_ppm\n" for each service, sorted by name; ahead of a name that has line ends, "\nbytes\n".
std::string services_hash(std::vector<std::pair<std::string, std::uint32_t>> services);

// An Ed25519 key. The seed is the secret: 32 bytes, as text in hex.
class SigningKey {
  public:
    // INTERNAL: the system has no random bytes.
    static stipend::Result<std::string> random_seed();
    // INVALID: not 64 hex digits.
    static stipend::Result<SigningKey> from_seed(std::string_view seed_hex);

    SigningKey(SigningKey&&) noexcept;
    SigningKey& operator=(SigningKey&&) noexcept;
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;
    ~SigningKey();

    [[nodiscard]] const std::string& public_hex() const { return public_hex_; }
    // Hex; the same text gives the same signature.
    [[nodiscard]] stipend::Result<std::string> sign(std::string_view text) const;

  private:
    struct Secret;
    SigningKey(std::unique_ptr<Secret> secret, std::string public_hex);
    std::unique_ptr<Secret> secret_;
    std::string public_hex_;
};

// The signed evidence as a member of a response.
stipend::Result<stipend::Json> signed_evidence(const Evidence& evidence, const SigningKey& key);

// True if `signature_hex` is the signature of `text` by the key `public_hex`; false also if either is malformed.
bool is_signed_by(std::string_view text, std::string_view signature_hex, std::string_view public_hex);

// The values of the job that the evidence must match.
struct EvidenceWanted {
    std::string orchestrator_id;
    std::string nonce;  // hex
    std::string period_from, period_to;
    std::uint32_t asked_window_s = 0;  // 0: not in the job
    std::string public_key;            // hex, of the worker
};
// The values of the response that the evidence must match.
struct EvidenceReported {
    std::uint32_t ppm = 0;
    std::uint32_t window_s = 0;
    const stipend::Json* service_list = nullptr;  // NULL: the response has no list
};
// Verifies `evidence`, a member of the response, against the job and the rest of the response. INVALID names the first
// value that does not match.
stipend::Result<void> check_evidence(const stipend::Json& evidence, const EvidenceWanted& wanted,
                                     const EvidenceReported& reported);

// What the evidence that answers `job` must match.
EvidenceWanted evidence_wanted(const stipend_job& job);
// Verifies the evidence of a report, where there is some and the worker's key is known. True: it was verified. False:
// there is none that can be verified. INVALID: as above, or there is none although `signed_only` demands it.
stipend::Result<bool> check_signed(const Uptime& uptime, const EvidenceWanted& wanted, bool signed_only);

}  // namespace livepeer
