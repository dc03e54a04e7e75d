// The routes by which orchestrators join over the network, and by which administrators decide about them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "host/api/api_server.hpp"
#include "host/base/sha256.hpp"

namespace stipend::api {

// Thread-safe. Calls may block for some milliseconds.
class Registrations {
  public:
    virtual ~Registrations() = default;
    // By an account, an API key, the id's own secret, or the common secret.
    virtual Reply enroll(const Request& request) = 0;
    virtual Reply approve(const Request& request) = 0;
    virtual Reply disconnect(const Request& request) = 0;  // by its own secret as well
    virtual Reply remove(const Request& request) = 0;
    virtual Reply rotate(const Request& request) = 0;  // by its own secret as well
    virtual Reply prove(const Request& request) = 0;   // by what the body holds, and its own secret
    // By its own secret: the text by whose signature its wallet proves the payout address, or hands over to another.
    virtual Reply payout_challenge(const Request& request) = 0;
    virtual Reply prove_payout(const Request& request) = 0;
    virtual Reply cancel_change(const Request& request) = 0;  // by its own secret as well
    // Invitations by which newcomers join.
    virtual Reply invite(const Request& request) = 0;
    virtual Reply invitations(const Request& request) = 0;
    virtual Reply revoke_invitation(const Request& request) = 0;
    virtual Reply invitation(const Request& request) = 0;  // the one that the credential is
    // Why the credential of the request is not that of this id; nothing: it is. Failures are throttled.
    virtual std::optional<Reply> refuse_other(const Request& request, std::string_view id) = 0;
    // Whether the secret of this hash is that of the id.
    [[nodiscard]] virtual bool owns(std::string_view id, const Sha256& secret) = 0;
    // The ids whose payout address is proven to be this wallet: 0x and 40 hex digits in lower case.
    virtual Result<std::vector<std::string>> owned_by(std::string_view wallet) = 0;
};

// Whether a login of an orchestrator still counts: its wallet is proven to be the orchestrator's, or its secret is the
// orchestrator's.
[[nodiscard]] bool still_owner(Registrations& registrations, const Principal& principal);

[[nodiscard]] std::vector<ApiRoute> registration_routes(Registrations& registrations);

// Serves the routes marked `own` to orchestrators as well: by the own secret of the one that path or query names,
// or by a login by it or by its wallet.
void open_to_owners(std::vector<ApiRoute>& routes, Registrations& registrations);

}  // namespace stipend::api
