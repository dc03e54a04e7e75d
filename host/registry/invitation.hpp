// An invitation: what an administrator grants to the one newcomer that holds its text (host/auth/invitation.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "stipend/abi/types.h"

namespace stipend::registry {

struct InvitationTerms {
    std::string manager;  // the origin at which newcomers reach the manager, as config::read_origin returns it
    std::string
        capability;        // by which it is measured, and which it has to state; empty: any, as the configuration says
    std::string network;   // on which it is paid; empty: the configuration's `network`
    bool approve = false;  // at its first proof
};

enum class InvitationState : std::uint8_t { open, used, expired, revoked };
[[nodiscard]] std::string_view name_of(InvitationState state);

struct Invitation {
    std::string id;
    InvitationTerms terms;
    std::string made_by;
    stipend_unix_ns made_at = 0;
    stipend_unix_ns expires_at = 0;  // from then on it is not taken
    std::string used_by = {};        // the id that joined by it; empty: none yet
    std::optional<stipend_unix_ns> used_at = {};
    std::optional<stipend_unix_ns> approved_at = {};  // by it
    std::optional<stipend_unix_ns> revoked_at = {};

    // One that was used stays so, whatever comes later.
    [[nodiscard]] InvitationState state(stipend_unix_ns now) const;
};

// One that was just made.
struct MadeInvitation {
    Invitation invitation;
    std::string text;  // is not stored
};

}  // namespace stipend::registry
