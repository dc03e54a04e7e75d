// The orchestrators that joined over the network, durably: a SQLite file of its own beside the ledger, with mode 0600,
// that the host and the command line may have open at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/private_database.hpp"
#include "host/base/sha256.hpp"
#include "host/registry/invitation.hpp"
#include "host/registry/registration_change.hpp"

namespace stipend::registry {

// Thread-safe. Each change is one transaction with a row of audit, durable when the call returns.
class RegistrationStore {
  public:
    static constexpr std::size_t max_registrations = 100'000;
    static constexpr std::size_t max_unapproved = 1'000;         // that never were approved
    static constexpr std::size_t max_once = 10'000;              // remembered requests; the oldest is forgotten beyond
    static constexpr std::int64_t once_ns = 86'400'000'000'000;  // and each after so long
    static constexpr std::size_t max_audit_each = 1'000;         // of one id; the oldest is removed beyond

    // Opens the file, or makes it. CONFIG: it cannot be used, or a newer version made it.
    [[nodiscard]] static Result<std::unique_ptr<RegistrationStore>> open(const std::filesystem::path& file);

    // So long waits what an account changes of a proven payout address or of a worker's key, once an orchestrator was
    // approved; 0, as before this call: it does not. Before other threads use the store.
    void delay_changes(std::int64_t delay_ns) { change_delay_ns_ = delay_ns; }

    // An error is this host's own.
    [[nodiscard]] Result<Outcome> enroll(const Enrollment& enrollment, stipend_unix_ns now);
    static constexpr std::size_t max_open_invitations = 1'000;
    static constexpr std::size_t max_ended_invitations = 1'000;   // revoked or expired; the oldest is forgotten beyond
    static constexpr std::size_t max_listed_invitations = 3'000;  // the others are of registrations long ago
    // A new invitation. LIMIT: too many are open.
    [[nodiscard]] Result<MadeInvitation> invite(const InvitationTerms& terms, const std::string& by,
                                                stipend_unix_ns expires_at, stipend_unix_ns now);
    // Those that are not used, then the others; the newest first in each.
    [[nodiscard]] Result<std::vector<Invitation>> invitations();
    // The one of that text; nothing: there is none.
    [[nodiscard]] Result<std::optional<Invitation>> invitation_of(const auth::InvitationText& text);
    // Refuses it from now on; of one that was used, it approves nothing any more. `unknown`: there is none. `taken`: it
    // has done what it is for.
    [[nodiscard]] Result<Outcome> revoke_invitation(std::string_view id, const std::string& by, stipend_unix_ns now);
    // Approves a registration whose invitation says so, once. `unknown`: none does. `restricted`: an administrator has
    // decided about it.
    [[nodiscard]] Result<Outcome> approve_invited(std::string_view id, stipend_unix_ns now);

    static constexpr std::size_t max_import = 1'000;
    struct ImportRow {
        std::string why = {};              // it is refused; empty: it is not
        std::string_view effect = "none";  // "created", "updated", "unchanged"
        RegistrationState state = RegistrationState::unapproved;
        std::string secret = {};  // of one that was created
    };
    struct Imported {
        bool applied = false;  // all of them; false: nothing was changed
        bool terms_changed = false;
        std::vector<ImportRow> rows = {};  // as the entries
    };
    // All entries in one transaction, or none where one is refused or this is a dry run. An entry with a text in
    // `faults`, which has as many, is refused for that. One that is there is refused without `updates`.
    [[nodiscard]] Result<Imported> import(const std::vector<ImportEntry>& entries,
                                          const std::vector<std::string>& faults, const std::string& by, bool updates,
                                          bool dry_run, stipend_unix_ns now);
    [[nodiscard]] Result<Outcome> approve(std::string_view id, const Actor& actor, stipend_unix_ns now);
    // A peer by its own secret, which the caller has checked by `owns`, comes back by registering again.
    [[nodiscard]] Result<Outcome> disconnect(std::string_view id, const Actor& actor, stipend_unix_ns now);
    // Its id, endpoint, address and key are free again, and its secret is void.
    [[nodiscard]] Result<Outcome> remove(std::string_view id, const Actor& actor, stipend_unix_ns now);
    // A new secret instead of the old one; with `revoke`, none.
    [[nodiscard]] Result<Outcome> rotate(std::string_view id, const Actor& actor, bool revoke, stipend_unix_ns now);

    // The wallet of `address` has signed: the payout address is proven, if it still is that one, and no other
    // orchestrator can state it from now on. `taken`: another one has proven it before.
    [[nodiscard]] Result<Outcome> prove_payout(std::string_view id, std::string_view address, stipend_unix_ns now);

    // The wallet of the proven address `from` has signed that payments go to `to`, which is stated from now on, and not
    // proven. INVALID, as a fault: the proven address is another one.
    [[nodiscard]] Result<Outcome> hand_over_payout(std::string_view id, std::string_view from, const std::string& to,
                                                   stipend_unix_ns now);

    // Changes that wait, by id.
    [[nodiscard]] Result<std::vector<PendingChange>> pending_changes();
    [[nodiscard]] Result<std::optional<PendingChange>> pending_change(std::string_view id);
    // `unknown`: none waits.
    [[nodiscard]] Result<Outcome> cancel_change(std::string_view id, const Actor& actor, stipend_unix_ns now);
    // Puts those in force whose time has come. `taken`: another has its mark by now, and the change is dropped.
    [[nodiscard]] Result<std::vector<Outcome>> apply_changes(stipend_unix_ns now);

    [[nodiscard]] Result<bool> owns(std::string_view id, const Sha256& secret);
    [[nodiscard]] Result<std::optional<Registration>> find(std::string_view id);  // a removed one too
    [[nodiscard]] Result<std::vector<Registration>> approved();                   // by id
    // By id, removed ones too: the payout address that its wallet has proven, or nothing.
    [[nodiscard]] Result<std::map<std::string, std::string>> proven_addresses();
    // Those that never were approved and are not removed, and those that are approved since `since`: the oldest first.
    [[nodiscard]] Result<std::vector<Registration>> pending(stipend_unix_ns since);
    // Those that are not removed and have proven this payout address: 0x and 40 hex digits in lower case. By id.
    [[nodiscard]] Result<std::vector<Registration>> proven_by(std::string_view address);
    [[nodiscard]] Result<std::vector<Registration>> all();  // but those that are removed; by id

    struct AuditRow {
        std::int64_t number = 0;
        stipend_unix_ns at = 0;
        std::string actor, what, id, from, to;
    };
    [[nodiscard]] Result<std::vector<AuditRow>> audit(std::string_view id);
    // The name under which the audit has invitations: of no orchestrator.
    [[nodiscard]] static std::string invitation_audit();

    // Another number after each change. Does not block.
    [[nodiscard]] std::uint64_t revision() const { return revision_.load(); }

  private:
    RegistrationStore() = default;
    // These with mutex_ held; all but `write` inside its transaction.
    template <class Work>
    auto write(Work work) -> decltype(work()) {
        auto done = sqlite::write(database_, std::move(work));
        ++revision_;
        return done;
    }
    [[nodiscard]] Result<std::optional<Registration>> read(std::string_view id);
    [[nodiscard]] Result<std::vector<Registration>> select(std::string_view where);
    [[nodiscard]] Result<void> import_one(const ImportEntry& entry, const std::string& by, bool updates,
                                          stipend_unix_ns now, bool& terms_changed, ImportRow& row);
    // pending_change.cpp: what of `next` has to wait, which becomes what it was before.
    [[nodiscard]] std::optional<PendingChange> put_off(const std::string& by, const Registration& before, Stated& next,
                                                       stipend_unix_ns now) const;
    [[nodiscard]] Result<void> keep_change(const PendingChange& change);
    [[nodiscard]] Result<void> drop_change(std::string_view id);
    [[nodiscard]] Result<std::vector<PendingChange>> select_changes(std::string_view where);
    [[nodiscard]] Result<Outcome> enroll_within(const Enrollment& enrollment, stipend_unix_ns now);
    [[nodiscard]] Result<std::optional<Outcome>> repetition(const Enrollment& enrollment, const std::string& scope,
                                                            stipend_unix_ns now);
    [[nodiscard]] Result<void> remember(const Enrollment& enrollment, const std::string& scope, const Outcome& outcome,
                                        stipend_unix_ns now);
    [[nodiscard]] Result<Outcome> create(const Enrollment& enrollment, const std::string& by,
                                         const std::optional<Registration>& before, stipend_unix_ns now);
    [[nodiscard]] Result<Outcome> update(const Enrollment& enrollment, const std::string& by, bool owner,
                                         Registration before, stipend_unix_ns now);
    [[nodiscard]] Result<std::string> taken_mark(const Stated& stated);
    [[nodiscard]] Result<void> put(const Registration& registration, std::string_view actor, std::string_view what,
                                   std::string_view from, std::string_view to);
    [[nodiscard]] Result<void> note(stipend_unix_ns at, std::string_view actor, std::string_view what,
                                    std::string_view id, std::string_view from, std::string_view to);
    // invitation_store.cpp
    [[nodiscard]] Result<void> make_invitation_table();
    [[nodiscard]] Result<std::optional<Invitation>> read_invitation_of(const auth::InvitationText& text);
    [[nodiscard]] static std::optional<Outcome> refuse_invited(const Enrollment& enrollment,
                                                               const Invitation& invitation, bool owner,
                                                               stipend_unix_ns now);
    [[nodiscard]] Result<void> take_invitation(const Invitation& invitation, const std::string& id,
                                               stipend_unix_ns now);
    [[nodiscard]] Result<void> forget_invitations(std::string_view id);
    [[nodiscard]] Result<void> add_invited_terms(std::vector<Registration>& registrations);
    // Changes the state of one that is there and not removed.
    template <class Change>
    [[nodiscard]] Result<Outcome> change(std::string_view id, const Actor& actor, std::string_view what,
                                         stipend_unix_ns now, Change apply);

    std::int64_t change_delay_ns_ = 0;
    std::atomic<std::uint64_t> revision_{0};
    std::mutex mutex_;
    sqlite::Database database_;  // guarded by mutex_
};

// The file of a host whose state is in `state_folder`. [pure]
[[nodiscard]] inline std::filesystem::path registry_file(const std::filesystem::path& state_folder) {
    return state_folder / "registry.db";
}

}  // namespace stipend::registry
