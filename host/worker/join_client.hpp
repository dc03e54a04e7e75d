// What a newcomer asks a manager, one request after the other, until it is registered, proven and approved.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/worker/join_config.hpp"
#include "stipend/result.hpp"

namespace stipend::worker {

struct JoinInvitation {
    std::string capability;  // empty: any
    std::string network;     // empty: the manager's own
    std::string expires_at;
    bool approve = false;
};

struct JoinState {
    std::string state;  // of the registration: "unapproved", "approved", "disconnected"
    std::string challenge = {};
    std::optional<bool> reached = {};  // the endpoint, by the manager
    std::string why = {};              // it is not
};

// One thread at a time; each call blocks for one exchange. Errors: UNAVAILABLE, the manager does not answer, or not
// now; INVALID, with its own words, it refuses. No text of an error has a secret.
class JoinClient {
  public:
    JoinClient(const JoinTerms& terms, std::string own_secret)
        : manager_(terms.manager), ca_(terms.ca), id_(terms.id), own_secret_(std::move(own_secret)) {}

    [[nodiscard]] Result<JoinInvitation> invitation(const std::string& token) const;
    // By the invitation, or by the own secret where that is empty. STATE: the manager does not know that secret.
    [[nodiscard]] Result<JoinState> enroll(const JoinTerms& terms, const std::string& worker_key,
                                           const std::string& token) const;
    [[nodiscard]] Result<JoinState> prove(const std::string& challenge) const;
    // The registration's state as the manager has it now.
    [[nodiscard]] Result<std::string> state() const;

  private:
    struct Sent;
    [[nodiscard]] Result<Sent> send(const std::string& method, const std::string& path, const std::string& body,
                                    const std::string& credential) const;
    [[nodiscard]] Error refusal(const Sent& sent, std::string_view what) const;

    std::string manager_, ca_, id_, own_secret_;
};

}  // namespace stipend::worker
