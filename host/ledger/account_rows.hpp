// Reads what one orchestrator earned from the main file and its archives.
#pragma once

#include <memory>
#include <set>
#include <variant>
#include <vector>

#include "host/base/sqlite.hpp"
#include "host/ledger/account.hpp"
#include "host/ledger/archive_files.hpp"
#include "host/ledger/canonical.hpp"
#include "host/ledger/networks.hpp"

namespace stipend::ledger {

// FROM and the rest of a SELECT of the newest price between two places, of a network; begins with a blank.
inline constexpr std::string_view price_before =
    " FROM audit WHERE kind = 8 AND seq > ? AND seq < ? AND "
    "ifnull(json_extract(body, '$.network'), 0) = ? ORDER BY seq DESC LIMIT 1";
static_assert(static_cast<int>(AuditKind::price) == 8);

// Of the rows behind `after` and before `before`.
struct AccountRange {
    OrchestratorId orchestrator = 0;
    Seq after = 0;
    Seq before = 0;
    NetworkId network = 0;  // only what is owed on it
    bool detailed = false;  // with rates and generations
};

class AccountRows {
  public:
    // Both outlive this.
    AccountRows(sqlite::Database& main, std::int64_t busy_timeout_ms, const AccountRange& range,
                const AccountSink& sink)
        : main_(main), busy_timeout_ms_(busy_timeout_ms), range_(range), sink_(sink) {}

    // Passes all of them to the sink, in the order of the chain.
    [[nodiscard]] Result<void> run();

  private:
    // The decisions with epochs above `before`, up to `last`, in one file.
    struct Part {
        std::unique_ptr<sqlite::Database> archive = {};  // none: the main file
        std::int64_t before = 0;
        std::int64_t last = 0;
    };
    // What is rare, and in the main file only.
    struct Other {
        Seq seq = 0;
        std::variant<Adjustment, ManualPayment> row = {};
    };
    // UNAVAILABLE: it is not found.
    [[nodiscard]] Result<std::unique_ptr<sqlite::Database>> open(const RecordedArchive& archive) const;
    [[nodiscard]] Result<void> find_parts();
    // The rows up to `older` are in older files. Returns the last epoch that lies in one of them and may be wanted.
    [[nodiscard]] Result<std::int64_t> add_part(std::unique_ptr<sqlite::Database> archive, Seq older,
                                                std::int64_t last);
    [[nodiscard]] Result<void> find_others();
    [[nodiscard]] Result<void> pass_part(Part& part);
    [[nodiscard]] Result<void> pass_decision(sqlite::Statement& rows, sqlite::Statement& prices,
                                             sqlite::Database& file);
    [[nodiscard]] Result<void> pass_others_before(Seq seq);
    [[nodiscard]] Result<void> pass_generation(GenerationId id);
    // The price ahead of a decision, of which `file` may hold none.
    [[nodiscard]] Result<void> find_rate(sqlite::Statement& prices, Seq seq);
    [[nodiscard]] Result<void> find_older_rate(Seq seq);

    sqlite::Database& main_;
    const std::int64_t busy_timeout_ms_;
    const AccountRange range_;
    const AccountSink& sink_;
    std::vector<Part> parts_;  // the oldest first
    std::vector<Other> others_;
    std::size_t next_other_ = 0;
    DecidedElsewhere elsewhere_ = {};  // since the last decision that was passed; epoch 0: none
    bool passed_any_ = false;          // decision
    NetworkHistory networks_;
    std::set<GenerationId> generations_;  // that were passed
    std::optional<std::int64_t> rate_;
    Seq rated_ = 0;  // prices up to this place are in `rate_`; 0: none was looked for
};

}  // namespace stipend::ledger
