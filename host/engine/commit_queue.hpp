// What waits to be written, and the one transaction that is under way.
#pragma once

#include <memory>
#include <optional>

#include "host/ledger/rows.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

inline constexpr std::size_t max_batch = 4096;  // rows of one kind in one transaction
inline constexpr std::int64_t busy_retry_ns = ns_per_s;

class CommitQueue {
  public:
    using BatchPtr = std::shared_ptr<const ledger::Batch>;

    // What later transactions carry beside decisions; rows are added at the end of its lists.
    [[nodiscard]] ledger::Batch& waiting() { return waiting_; }
    [[nodiscard]] const ledger::Batch& waiting() const { return waiting_; }
    [[nodiscard]] bool empty() const { return waiting_.empty(); }
    // Takes out what one transaction carries of it. `all_known`: no new payee remains to be written; until then what
    // may refer to one stays.
    [[nodiscard]] ledger::Batch take(bool all_known);

    // Hands over a transaction; none is under way. The caller has it written.
    void begin(BatchPtr batch, stipend_unix_ns now);
    [[nodiscard]] bool under_way() const { return under_way_ != nullptr; }
    // The database was busy: the same transaction is due again a little later.
    void postpone(stipend_unix_ns now) { retry_at_ = now + busy_retry_ns; }
    // The transaction that is to be tried again now, or null.
    [[nodiscard]] BatchPtr retry(stipend_unix_ns now);
    // It ended: what it held.
    [[nodiscard]] BatchPtr finish();

    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup() const { return retry_at_; }
    [[nodiscard]] bool stuck(stipend_unix_ns now, std::int64_t patience_ns) const {
        return under_way() && now - begun_at_ > patience_ns;
    }

  private:
    ledger::Batch waiting_;
    BatchPtr under_way_;
    stipend_unix_ns begun_at_ = 0;
    std::optional<stipend_unix_ns> retry_at_;
};

}  // namespace stipend::engine
