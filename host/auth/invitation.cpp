#include "host/auth/invitation.hpp"

#include "host/auth/crypto.hpp"
#include "host/auth/key_text.hpp"
#include "host/base/sha256.hpp"

namespace stipend::auth {
namespace {

constexpr std::string_view invitation_prefix = "sti_";
constexpr std::size_t invitation_place_digits = 8;
constexpr std::size_t invitation_secret_bytes = 32;
constexpr std::size_t invitation_place_at = invitation_prefix.size() + invitation_id_digits + 1;
constexpr std::size_t invitation_checksum_at =
    invitation_place_at + invitation_place_digits + 2 * invitation_secret_bytes;
constexpr std::size_t invitation_size = invitation_checksum_at + checksum_digits;

std::string place_of(std::string_view origin) {
    return hex_encode(text_of(sha256(origin))).substr(0, invitation_place_digits);
}

}  // namespace

Result<NewInvitation> make_invitation(std::string_view origin) {
    STIPEND_LET(id, random_hex(invitation_id_digits / 2));
    STIPEND_LET(secret, random_hex(invitation_secret_bytes));
    auto text = cat(invitation_prefix, id, "_", place_of(origin), secret);
    text += checksum_of(text);
    wipe(secret);
    NewInvitation out{.text = Secret(text), .id = id, .hash = sha256(text)};
    wipe(text);
    return out;
}

std::optional<InvitationText> parse_invitation(std::string_view text) {
    if (text.size() != invitation_size || !text.starts_with(invitation_prefix) || text[invitation_place_at - 1] != '_')
        return std::nullopt;
    const auto id = text.substr(invitation_prefix.size(), invitation_id_digits);
    if (!is_lower_hex(id) || !is_lower_hex(text.substr(invitation_place_at))) return std::nullopt;
    if (checksum_of(text.substr(0, invitation_checksum_at)) != text.substr(invitation_checksum_at)) return std::nullopt;
    return InvitationText{.id = std::string(id),
                          .place = std::string(text.substr(invitation_place_at, invitation_place_digits)),
                          .hash = sha256(text)};
}

bool is_for(const InvitationText& invitation, std::string_view origin) {
    return invitation.place == place_of(origin);
}

}  // namespace stipend::auth
