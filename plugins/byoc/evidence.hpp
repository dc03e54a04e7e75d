// What a worker signs of its report, and how the one who pays reads it. Pure but for the making of a key.
//
// A signature proves who made the report (the holder of the key) and that it was made for this very question (the nonce
// is fresh). It does not prove that the report is true: a worker measures itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace byoc {

inline constexpr std::int64_t evidence_version = 1;
inline constexpr std::size_t key_bytes = 32;
inline constexpr std::size_t signature_bytes = 64;

struct Evidence {
    std::string orchestrator_id;  // who the worker works for; no control characters
    std::string nonce;            // hex, as the job said it
    std::string period_from;      // UTC nanoseconds, decimal, as the job said it
    std::string period_to;
    std::uint32_t uptime_ppm = 0;
    std::uint32_t window_s = 0;
    std::uint32_t coverage_ppm = 0;
    std::string services_sha256;  // hex
};

// The text that is signed: a line that names the domain, then "name=value" for each field, every line ended by '\n'.
std::string canonical_text(const Evidence& evidence);

// Hex SHA-256 over "name up_ppm\n" for each service, sorted by name.
std::string services_hash(std::vector<std::pair<std::string, std::uint32_t>> services);

// An Ed25519 key. The seed is the secret: 32 bytes, in hex where it is text.
class SigningKey {
  public:
    // INTERNAL where the system gives no random bytes.
    static stipend::Result<std::string> random_seed();
    // INVALID where that is not 64 hex digits.
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

// The evidence as it stands in an answer, signed.
stipend::Result<stipend::Json> signed_evidence(const Evidence& evidence, const SigningKey& key);

// True where `signature_hex` is that of `text` by the key `public_hex`; false also where either is malformed.
bool is_signed_by(std::string_view text, std::string_view signature_hex, std::string_view public_hex);

// What a job asked for.
struct EvidenceWanted {
    std::string orchestrator_id;
    std::string nonce;  // hex
    std::string period_from, period_to;
    std::uint32_t asked_window_s = 0;  // 0: the job named none
    std::string public_key;            // hex, of the orchestrator's worker
};
// What the answer says beside its evidence.
struct EvidenceReported {
    std::uint32_t ppm = 0;
    std::uint32_t window_s = 0;
    const stipend::Json* service_list = nullptr;  // none: the answer has no list
};
// Holds `evidence`, the value in the answer, to what was asked and to what the answer itself reports. INVALID with the
// first thing that does not match.
stipend::Result<void> check_evidence(const stipend::Json& evidence, const EvidenceWanted& wanted,
                                     const EvidenceReported& reported);

}  // namespace byoc
