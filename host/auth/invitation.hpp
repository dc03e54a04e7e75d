// Invitations by which an orchestrator joins a manager: sti_<id>_<place><secret><checksum>. The text is shown once;
// what is stored is its SHA-256. It names the manager that it was made for, so that it is sent to no other. Pure and
// thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/auth/crypto.hpp"
#include "host/base/sha256.hpp"
#include "stipend/result.hpp"

namespace stipend::auth {

inline constexpr std::size_t invitation_id_digits = 16;

struct NewInvitation {
    Secret text;
    std::string id;  // 16 hex digits in lower case
    Sha256 hash = {};
};

// For the manager with this origin, as config::read_origin returns it. INTERNAL: no random bytes.
[[nodiscard]] Result<NewInvitation> make_invitation(std::string_view origin);

// A well-formed invitation as a peer sends it: by the id what is stored of it is found.
struct InvitationText {
    std::string id;
    std::string place;  // the first digits of the hash of the manager's origin
    Sha256 hash = {};
};

// Nothing for text of another form or with a wrong checksum.
[[nodiscard]] std::optional<InvitationText> parse_invitation(std::string_view text);

// Whether it was made for the manager with this origin.
[[nodiscard]] bool is_for(const InvitationText& invitation, std::string_view origin);

}  // namespace stipend::auth
