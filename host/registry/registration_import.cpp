#include "host/registry/registration_store.hpp"

namespace stipend::registry {

Result<RegistrationStore::Imported> RegistrationStore::import(const std::vector<ImportEntry>& entries,
                                                              const std::vector<std::string>& faults,
                                                              const std::string& by, bool updates, bool dry_run,
                                                              stipend_unix_ns now) {
    const std::lock_guard lock(mutex_);
    Imported out;
    bool kept = false;
    const auto done = write([&]() -> Result<void> {
        out = {};
        bool good = true;
        for (std::size_t at = 0; at < entries.size(); ++at) {
            auto& row = out.rows.emplace_back();
            row.why = faults[at];
            if (row.why.empty()) STIPEND_TRY(import_one(entries[at], by, updates, now, out.terms_changed, row));
            good = good && row.why.empty();
        }
        kept = good && !dry_run;
        // The transaction is undone: nothing of it was wrong with this host.
        return kept ? Result<void>() : fail(STIPEND_E_CANCELLED, "not kept");
    });
    if (!done && (kept || done.error().status != STIPEND_E_CANCELLED)) return done.error();
    out.applied = kept;
    return out;
}

Result<void> RegistrationStore::import_one(const ImportEntry& entry, const std::string& by, bool updates,
                                           stipend_unix_ns now, bool& terms_changed, ImportRow& row) {
    STIPEND_LET(before, read(entry.stated.id));
    const bool there = before && before->state != RegistrationState::removed;
    if (there && !updates) {
        row.why = "\"orchestrator_id\": it is registered already; --update changes what is there";
        row.state = before->state;
        return {};
    }
    Enrollment enrollment;
    enrollment.stated = entry.stated;
    enrollment.actor = {entry.approved ? Rank::approver : Rank::registrar, by};
    STIPEND_LET(outcome, enroll_within(enrollment, now));
    if (outcome.fault != Fault::none) {
        row.why = std::move(outcome.why);
        return {};
    }
    const bool same =
        there && before->stated == outcome.registration.stated && before->state == outcome.registration.state;
    row.effect = outcome.created ? "created" : same ? "unchanged" : "updated";
    row.state = outcome.registration.state;
    row.secret = std::move(outcome.secret);
    terms_changed = terms_changed || outcome.terms_changed;
    return {};
}

}  // namespace stipend::registry
