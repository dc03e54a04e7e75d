// An orchestrator that joins over the network: what it states, and what is known of it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/ip_address.hpp"
#include "host/base/sha256.hpp"
#include "host/config/settings.hpp"
#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::registry {

enum class RegistrationState : std::uint8_t { unapproved, approved, disconnected, removed };
[[nodiscard]] std::string_view name_of(RegistrationState state);

// What an orchestrator states of itself.
struct Stated {
    std::string id;
    std::string endpoint;  // as config::read_origin returns it
    std::vector<std::string> service_addresses = {};
    std::vector<std::string> capabilities = {};  // for display: what it is paid by is the payer's choice
    std::string payout_address = {};             // 0x and 40 hex digits in lower case; empty: none yet
    std::string worker_key = {};                 // 64 hex digits in lower case; empty: none yet
    friend bool operator==(const Stated&, const Stated&) = default;
};

inline constexpr std::size_t max_capabilities = 32;
inline constexpr std::size_t max_service_addresses = 8;

// Brings what a peer sent into its one form. INVALID, with the field's name in the API: a malformed one, or an endpoint
// that leads to a network which is neither public nor in `allowed`.
[[nodiscard]] Result<Stated> normalised(Stated stated, std::span<const IpRange> allowed);

struct Registration {
    std::int64_t number = 0;  // in the order of creation
    Stated stated;
    RegistrationState state = RegistrationState::unapproved;
    bool ended_itself = false;  // it disconnected, and comes back by itself
    bool payout_proven = false;
    std::optional<Sha256> secret;  // hash of its own secret; none: revoked
    std::int64_t calls = 0;        // how often it has registered
    stipend_unix_ns created_at = 0;
    stipend_unix_ns updated_at = 0;
    std::optional<stipend_unix_ns> approved_at;  // the first time
    // What its invitation says, of `RegistrationStore::approved` alone; empty: as the configuration has it.
    std::string capability = {};  // by which it is measured
    std::string network = {};     // on which it is paid
};

// What makes two orchestrators the same party: the texts are equal where they are.
[[nodiscard]] std::vector<std::string> marks_of(const Stated& stated);

// As an entry of the configuration would have it.
[[nodiscard]] config::Orchestrator entry_of(const Stated& stated, const std::string& capability);

// The ids and marks of the configuration's own orchestrators, which no registration takes. Immutable once made.
//
// Rationale: there may be 100,000. What is stored is a hash of each; two that are equal by chance refuse a
// registration.
class ConfiguredMarks {
  public:
    explicit ConfiguredMarks(const std::vector<config::Orchestrator>& orchestrators);
    // What of it the configuration has: "the id", "the endpoint"; empty where it has nothing of it.
    [[nodiscard]] std::string_view taken(const Stated& stated) const;
    [[nodiscard]] bool has_id(std::string_view id) const;

  private:
    [[nodiscard]] bool has(std::string_view mark) const;
    std::vector<std::size_t> hashes_;  // sorted
};

}  // namespace stipend::registry
