// Orchestrators that join over the network: credentials of peers, the rules of registration, and what is answered.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/api/registration_routes.hpp"
#include "host/auth/challenge.hpp"
#include "host/auth/payout_proof.hpp"
#include "host/auth/throttle.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "host/engine/connect_back.hpp"
#include "host/registry/registration_store.hpp"

namespace stipend::engine {

struct RegistrarParts {
    std::shared_ptr<registry::RegistrationStore> store;
    const Clock* clock = nullptr;  // outlives it
    std::function<void(const std::string&)> log;
    // Whether the ledger knows an orchestrator of that id. May block.
    std::function<Result<bool>(const std::string& id)> has_history;
    std::function<std::shared_ptr<const registry::ConfiguredMarks>()> configured;
    // A proof of it was accepted.
    std::function<void(const std::string& id)> proven;
    // A proof came that could not be checked, for a fault of this host.
    std::function<void(const std::string& id)> not_checked;
    std::shared_ptr<ConnectBack> connect_back;  // none: endpoints are not connected to
    std::int64_t proof_interval_ns = 0;
    // A change waits, or none does any more: returns at once.
    std::function<void()> pending_changed;
    // What is paid has changed: returns at once.
    std::function<void()> changed;
    std::string origin;         // of the API, as wallets show it
    std::string common_secret;  // empty: newcomers do not register by themselves
    // INVALID: the configuration has no such capability, or no such network; empty ones are none. May block.
    std::function<Result<void>(const std::string& capability, const std::string& network)> known_terms;
    std::vector<IpRange> allowed;  // networks that endpoints may lead to although they are not public
};

class Registrar final : public api::Registrations {
  public:
    explicit Registrar(RegistrarParts parts);

    api::Reply enroll(const api::Request& request) override;
    api::Reply approve(const api::Request& request) override;
    api::Reply disconnect(const api::Request& request) override;
    api::Reply remove(const api::Request& request) override;
    api::Reply rotate(const api::Request& request) override;
    api::Reply prove(const api::Request& request) override;
    api::Reply payout_challenge(const api::Request& request) override;
    api::Reply prove_payout(const api::Request& request) override;
    api::Reply cancel_change(const api::Request& request) override;
    api::Reply invite(const api::Request& request) override;
    api::Reply invitations(const api::Request& request) override;
    api::Reply revoke_invitation(const api::Request& request) override;
    api::Reply invitation(const api::Request& request) override;
    std::optional<api::Reply> refuse_other(const api::Request& request, std::string_view id) override;
    [[nodiscard]] bool owns(std::string_view id, const Sha256& secret) override;
    Result<std::vector<std::string>> owned_by(std::string_view wallet) override;

    // An order of the person at this machine: {"action": approve, disconnect, remove, rotate, revoke or cancel-change;
    // "id", "by"}; or
    // {"action": "import"} and what `import` takes; or {"action": "invite"} and what the API's route takes, with "by";
    // or {"action": "revoke-invitation", "id", "by"}.
    [[nodiscard]] Result<Json> order(const Json& body);
    [[nodiscard]] Result<Json> list();
    // Many registrations at once: {"entries": [{as to register, "approved"}], "update", "dry_run", "by"}. All of them,
    // or none where one is refused: {"applied", "registrations": [{"orchestrator_id", "problem" or null, "effect",
    // "state", "secret" where it was created}]}, as the entries.
    [[nodiscard]] Result<Json> import(const Json& body);

  private:
    enum class Kind : std::uint8_t { approve, disconnect, remove, rotate, revoke, cancel_change };
    // What a peer's credential proves; `refusal` where it proves nothing.
    struct Proof {
        bool common = false;
        bool own = false;
        std::optional<api::Reply> refusal = {};
    };
    [[nodiscard]] Proof check_secret(const api::Request& request, std::string_view id, bool takes_common);
    [[nodiscard]] Proof check_invitation(const api::Request& request, const auth::InvitationText& text);
    // The seconds that this client has to wait after wrong secrets and proofs; 0: none, and an attempt is counted.
    [[nodiscard]] std::int64_t begin_attempt(const api::Request& request);
    void succeeded(const api::Request& request);
    [[nodiscard]] Result<registry::Outcome> carry_out(Kind kind, std::string_view id, const registry::Actor& actor);
    [[nodiscard]] api::Reply reply_of(const Result<registry::Outcome>& outcome);
    [[nodiscard]] api::Reply change(Kind kind, const api::Request& request, bool by_secret);
    [[nodiscard]] api::Reply accepted(const registry::Registration& registration, stipend_unix_ns now);
    // Or why none is.
    [[nodiscard]] std::variant<auth::PayoutProof, api::Reply> wanted_payout_proof(const api::Request& request);
    void note(const registry::Outcome& outcome, std::string_view what, std::string_view by);
    // registrar_invitations.cpp
    [[nodiscard]] Result<Json> make_invitation(const Json& body, const std::string& by);
    [[nodiscard]] Result<registry::Outcome> end_invitation(std::string_view id, const std::string& by);
    // Approves it where its invitation says so: the registration as it is then.
    [[nodiscard]] registry::Registration approve_invited(registry::Registration registration, stipend_unix_ns now);

    const RegistrarParts parts_;
    const Sha256 common_hash_;
    std::mutex mutex_;
    auth::LoginThrottle throttle_;            // guarded by mutex_
    auth::ChallengeStore challenges_;         // guarded by mutex_; of life
    auth::ChallengeStore payout_challenges_;  // guarded by mutex_; neither passes for the other
};

// What an answer says of a change that waits; null: none does.
[[nodiscard]] Json change_json(const std::optional<registry::PendingChange>& change);

// Carries out an order without a running host, as `Registrar::order`.
[[nodiscard]] Result<Json> order_without_host(registry::RegistrationStore& store, const Json& body,
                                              stipend_unix_ns now);
// {"registrations", "invitations"}
[[nodiscard]] Result<Json> list_registrations(registry::RegistrationStore& store, stipend_unix_ns now);
[[nodiscard]] Result<Json> invitations_json(registry::RegistrationStore& store, stipend_unix_ns now);

}  // namespace stipend::engine
