#include "livepeer/evidence.hpp"

#include <botan/ed25519.h>
#include <botan/hash.h>
#include <botan/pubkey.h>
#include <botan/system_rng.h>

#include <algorithm>
#include <array>
#include <exception>

#include "livepeer/wire.hpp"
#include "stipend/hex.hpp"
#include "stipend/money.hpp"
#include "stipend/record.hpp"

namespace livepeer {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;
using stipend::ascii::to_lower;

namespace {

constexpr std::string_view domain = "stipend.worker-evidence/1";
constexpr std::size_t most_text = 512;  // of any field that is a string

const std::uint8_t* octets_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

// Reads the members of an evidence object one by one and keeps the first error.
class Reader {
  public:
    explicit Reader(const Json& object) : object_(object) {}

    std::string text(std::string_view key) {
        const auto* found = object_.find(key);
        if (found == nullptr || !found->is(Json::Kind::string) || found->text().size() > most_text) {
            note(key, found, "a string");
            return {};
        }
        return found->text();
    }
    std::uint32_t number(std::string_view key) {
        const auto* found = object_.find(key);
        const auto number = found != nullptr && found->is(Json::Kind::number)
                                ? stipend::Decimal::parse(found->text())
                                : Result<stipend::Decimal>(fail(STIPEND_E_INVALID, "no number"));
        const auto value = number ? number->exact_scaled(0) : Result<std::int64_t>(-1);
        if (!value || *value < 0 || *value > UINT32_MAX) {
            note(key, found, "a whole number");
            return 0;
        }
        return static_cast<std::uint32_t>(*value);
    }
    [[nodiscard]] Result<void> result() const {
        if (problem_.empty()) return {};
        return fail(STIPEND_E_INVALID, problem_);
    }

  private:
    void note(std::string_view key, const Json* found, std::string_view want) {
        if (!problem_.empty()) return;
        problem_ = cat("evidence.", key, ": got ", found == nullptr ? std::string_view("nothing") : found->kind_name(),
                       ", want ", want);
    }
    const Json& object_;
    std::string problem_;
};

Result<void> same(std::string_view field, std::string_view got, std::string_view want, std::string_view advice = "") {
    if (got == want) return {};
    return fail(STIPEND_E_INVALID, "evidence.", field, ": got ", printable(got, 80), ", want ", printable(want, 80),
                advice);
}

Result<std::string> hash_of_list(const Json& list) {
    const auto refuse = [](std::size_t at, std::string_view want) {
        return fail(STIPEND_E_INVALID, "service_list[", at, "]: want ", want);
    };
    if (!list.is(Json::Kind::array)) {
        return fail(STIPEND_E_INVALID, "service_list: got ", list.kind_name(), ", want a list");
    }
    std::vector<std::pair<std::string, std::uint32_t>> services;
    for (const auto& entry : list.items()) {
        const auto at = services.size();
        const auto* name = entry.find("name");
        const auto* uptime = entry.find("uptime_percentage");
        if (name == nullptr || !name->is(Json::Kind::string)) return refuse(at, "a name");
        const bool number = uptime != nullptr && uptime->is(Json::Kind::number);
        const auto ppm = number ? stipend::percent_to_ppm(uptime->text())
                                : Result<std::uint32_t>(refuse(at, "an uptime_percentage"));
        if (!ppm) return refuse(at, "an uptime_percentage in 0..100");
        services.emplace_back(name->text(), *ppm);
    }
    return services_hash(std::move(services));
}

}  // namespace

std::string canonical_text(const Evidence& evidence) {
    return cat(domain, "\norchestrator_id=", evidence.orchestrator_id, "\nnonce=", evidence.nonce,
               "\nperiod_from=", evidence.period_from, "\nperiod_to=", evidence.period_to,
               "\nuptime_ppm=", evidence.uptime_ppm, "\nwindow_seconds=", evidence.window_s,
               "\ncoverage_ppm=", evidence.coverage_ppm, "\nservices_sha256=", evidence.services_sha256, "\n");
}

std::string services_hash(std::vector<std::pair<std::string, std::uint32_t>> services) {
    std::sort(services.begin(), services.end());
    const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
    for (const auto& [name, up_ppm] : services) {
        // No other name begins with an empty line, so that a name with line ends is not taken for two services.
        const bool one_line = name.find('\n') == std::string::npos;
        const auto line = cat(one_line ? std::string() : cat("\n", name.size(), "\n"), name, " ", up_ppm, "\n");
        hash->update(octets_of(line), line.size());
    }
    return stipend::hex_encode(hash->final());
}

struct SigningKey::Secret {
    Botan::Ed25519_PrivateKey key;
};

SigningKey::SigningKey(std::unique_ptr<Secret> secret, std::string public_hex)
    : secret_(std::move(secret)), public_hex_(std::move(public_hex)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

Result<std::string> SigningKey::random_seed() {
    try {
        return stipend::hex_encode(Botan::system_rng().random_vec(key_bytes));
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "no random bytes for a key: ", error.what());
    }
}

Result<SigningKey> SigningKey::from_seed(std::string_view seed_hex) {
    Botan::secure_vector<std::uint8_t> seed(key_bytes);
    if (!stipend::hex_decode(seed_hex, seed)) {
        return fail(STIPEND_E_INVALID, "not a key: got ", seed_hex.size(), " characters, want ", 2 * key_bytes,
                    " hex digits");
    }
    try {
        auto secret = std::make_unique<Secret>(Secret{Botan::Ed25519_PrivateKey(seed)});
        auto public_hex = stipend::hex_encode(secret->key.get_public_key());
        return SigningKey(std::move(secret), std::move(public_hex));
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "the key cannot be made: ", error.what());
    }
}

Result<std::string> SigningKey::sign(std::string_view text) const {
    try {
        Botan::PK_Signer signer(secret_->key, Botan::system_rng(), "Pure");
        return stipend::hex_encode(signer.sign_message(octets_of(text), text.size(), Botan::system_rng()));
    } catch (const std::exception& error) {
        return fail(STIPEND_E_INTERNAL, "the evidence cannot be signed: ", error.what());
    }
}

Result<Json> signed_evidence(const Evidence& evidence, const SigningKey& key) {
    STIPEND_LET(signature, key.sign(canonical_text(evidence)));
    auto out = Json::object();
    out.set("version", evidence_version);
    out.set("orchestrator_id", evidence.orchestrator_id);
    out.set("nonce", evidence.nonce);
    out.set("period_from", evidence.period_from);
    out.set("period_to", evidence.period_to);
    out.set("uptime_ppm", evidence.uptime_ppm);
    out.set("window_seconds", evidence.window_s);
    out.set("coverage_ppm", evidence.coverage_ppm);
    out.set("services_sha256", evidence.services_sha256);
    out.set("public_key", key.public_hex());
    out.set("signature", signature);
    return out;
}

bool is_signed_by(std::string_view text, std::string_view signature_hex, std::string_view public_hex) {
    std::vector<std::uint8_t> key(key_bytes);
    std::array<std::uint8_t, signature_bytes> signature{};
    if (!stipend::hex_decode(public_hex, key) || !stipend::hex_decode(signature_hex, signature)) return false;
    try {
        const Botan::Ed25519_PublicKey point(key);
        Botan::PK_Verifier verifier(point, "Pure");
        return verifier.verify_message(octets_of(text), text.size(), signature.data(), signature.size());
    } catch (const std::exception&) {
        return false;  // the bytes are not a key
    }
}

Result<void> check_evidence(const Json& evidence, const EvidenceWanted& wanted, const EvidenceReported& reported) {
    if (!evidence.is(Json::Kind::object)) {
        return fail(STIPEND_E_INVALID, "evidence: got ", evidence.kind_name(), ", want an object");
    }
    if (wanted.nonce.empty()) {
        return fail(STIPEND_E_INVALID, "evidence: the job had no nonce, so nothing shows that it is fresh");
    }
    Reader read(evidence);
    const auto version = read.number("version");
    Evidence got;
    got.orchestrator_id = read.text("orchestrator_id");
    got.nonce = read.text("nonce");
    got.period_from = read.text("period_from");
    got.period_to = read.text("period_to");
    got.uptime_ppm = read.number("uptime_ppm");
    got.window_s = read.number("window_seconds");
    got.coverage_ppm = read.number("coverage_ppm");
    got.services_sha256 = read.text("services_sha256");
    const auto public_key = read.text("public_key");
    const auto signature = read.text("signature");
    STIPEND_TRY(read.result());
    STIPEND_TRY(same("version", std::to_string(version), std::to_string(evidence_version)));
    STIPEND_TRY(same("orchestrator_id", got.orchestrator_id, wanted.orchestrator_id,
                     " (orchestrator_id in the worker's configuration)"));
    STIPEND_TRY(same("nonce", got.nonce, wanted.nonce, ": it is no answer to this job"));
    STIPEND_TRY(same("period_from", got.period_from, wanted.period_from));
    STIPEND_TRY(same("period_to", got.period_to, wanted.period_to));
    STIPEND_TRY(same("uptime_ppm", std::to_string(got.uptime_ppm), std::to_string(reported.ppm),
                     ", which is what the answer reports"));
    STIPEND_TRY(same("window_seconds", std::to_string(got.window_s), std::to_string(reported.window_s),
                     ", which is what the answer reports"));
    if (wanted.asked_window_s != 0) {
        STIPEND_TRY(same("window_seconds", std::to_string(got.window_s), std::to_string(wanted.asked_window_s),
                         ", which is what the job asked for"));
    }
    STIPEND_TRY(same("public_key", to_lower(public_key), to_lower(wanted.public_key),
                     ", which is the worker_key of its entry"));
    if (!is_signed_by(canonical_text(got), signature, wanted.public_key)) {
        return fail(STIPEND_E_INVALID, "evidence.signature: it is not that of the worker's key over this evidence");
    }
    if (reported.service_list == nullptr) return {};
    STIPEND_LET(listed, hash_of_list(*reported.service_list));
    return same("services_sha256", got.services_sha256, listed, ", the hash of the answer's service_list");
}

EvidenceWanted evidence_wanted(const stipend_job& job) {
    return {.orchestrator_id = std::string(stipend::view(job.orchestrator_id)),
            .nonce = stipend::hex_encode(stipend::view(job.nonce)),
            .period_from = std::to_string(job.period_from),
            .period_to = std::to_string(job.period_to),
            .asked_window_s = job.window_s,
            .public_key = std::string(stipend::view(job.public_key))};
}

Result<bool> check_signed(const Uptime& uptime, const EvidenceWanted& wanted, bool signed_only) {
    if (!uptime.evidence && signed_only) {
        return fail(STIPEND_E_INVALID, "signed evidence is demanded: got an answer without evidence");
    }
    if (!uptime.evidence || wanted.public_key.empty()) return false;
    STIPEND_TRY(check_evidence(*uptime.evidence, wanted,
                               {.ppm = uptime.ppm,
                                .window_s = uptime.window_s,
                                .service_list = uptime.service_list ? &*uptime.service_list : nullptr}));
    return true;
}

}  // namespace livepeer
