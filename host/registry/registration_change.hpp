// What is asked of the registration store, and what it answers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "host/auth/invitation.hpp"
#include "host/base/sha256.hpp"
#include "host/registry/registration.hpp"

namespace stipend::registry {

// Why a change is refused; nothing was changed then.
enum class Fault : std::uint8_t {
    none,
    denied,      // no credential of this id
    unknown,     // there is no such registration
    invalid,     // the request contradicts itself or an earlier one
    taken,       // another one has the id, the endpoint, the payout address or the key
    restricted,  // only an administrator changes that
    full,        // too many registrations
};

// What an administrator wants of a payee that may not know of it: in force once its time has come, unless it is
// cancelled.
struct PendingChange {
    std::string id = {};
    std::string payout_address = {};  // empty: it stays
    std::string worker_key = {};      // the same
    stipend_unix_ns asked_at = 0;
    stipend_unix_ns effective_at = 0;
    std::string by = {};
};

struct Outcome {
    Fault fault = Fault::none;
    std::string why = {};
    Registration registration = {};  // after the change
    bool created = false;
    std::string secret = {};                    // the id's own, where it is new: not shown again
    bool replayed = false;                      // the request came before: nothing was changed
    std::string answer = {};                    // what was recorded as its answer
    bool terms_changed = false;                 // what the engine pays may be another
    std::optional<PendingChange> pending = {};  // of the request: what is not in force yet
};

// The person or the program that changes something, for the record.
enum class Rank : std::uint8_t {
    peer,       // what it may do depends on its secret
    registrar,  // registers for others, and approves nothing
    approver,
};
struct Actor {
    Rank rank = Rank::peer;
    std::string name;
};

// A request that is carried out once, however often it comes.
struct Once {
    std::string key;
    Sha256 body{};
};

struct Enrollment {
    Stated stated;
    Actor actor;
    std::optional<Sha256> secret;  // of a peer: the hash of what it sent
    bool common = false;           // and what it sent is the common secret
    // The hash of the secret that a newcomer made for itself: it becomes the id's own. Of an id that has it already, it
    // proves the owner, so that a registration whose answer was lost is sent again as it was.
    std::optional<Sha256> proposed = {};
    std::optional<auth::InvitationText> invitation = {};  // of a peer: what it sent is one
    bool has_history = false;                             // the ledger knows this id, and the registry does not
    std::optional<Once> once;
    // The answer that is recorded for a repetition: without secrets.
    std::function<std::string(const Outcome&)> answer;
};

// An orchestrator of a list that an administrator registers.
struct ImportEntry {
    Stated stated;
    bool approved = false;  // false leaves one that is there as it is
};

// What the parts of the store share.

inline constexpr std::size_t secret_bytes = 32;

[[nodiscard]] inline Outcome refused(Fault fault, std::string why) {
    return {.fault = fault, .why = std::move(why)};
}

[[nodiscard]] inline Result<std::string> make_secret(Registration& registration) {
    STIPEND_LET(secret, auth::random_hex(secret_bytes));
    registration.secret = sha256(secret);
    return secret;
}

[[nodiscard]] inline bool same_secret(const std::optional<Sha256>& a, const std::optional<Sha256>& b) {
    return a && b && auth::equal_in_constant_time(*a, *b);
}

// What an operator reads of a change in the audit.
[[nodiscard]] inline std::string shown(const Registration& registration) {
    const auto& stated = registration.stated;
    return cat(name_of(registration.state), " ", stated.endpoint, " ",
               stated.payout_address.empty() ? "-" : stated.payout_address, " ",
               stated.worker_key.empty() ? "-" : stated.worker_key);
}

}  // namespace stipend::registry
