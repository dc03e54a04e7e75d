// A real engine with the real payment policy and a real ledger, driven by the lines of a golden run. Recorder and
// player both use it, and it alone knows the engine's interface.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>

#include "../unit/payment/payment_fixture.hpp"
#include "dump.hpp"
#include "host/engine/engine.hpp"
#include "host/ledger/ledger.hpp"
#include "line.hpp"

namespace golden {

using namespace stipend;

class Machine final : public engine::Effects, public engine::Reporter {
  public:
    // One attempt of a payee, by the names that the ledger knows.
    struct Job {
        std::string key;
        std::uint64_t epoch = 0;
        std::uint32_t attempt = 0;
    };
    // What the engine asked for while it took the last line.
    struct Asked {
        std::vector<Job> jobs;
        bool commit = false;
        bool price = false;
    };
    struct Totals {
        std::uint64_t decisions = 0, paid = 0, held = 0, gaps = 0, jobs = 0, commits = 0, busy = 0, failed = 0,
                      restarts = 0, clock_set_back = 0, installed = 0, refused = 0, alerts = 0, stray = 0, prices = 0,
                      refused_prices = 0, failed_prices = 0;
    };

    // Takes one line. A line that does not fit what the engine asked for, such as the end of a job that was not sent,
    // or an expectation that is not met, fails the test.
    void take(const Line& line);

    [[nodiscard]] const Asked& asked() const { return asked_; }
    [[nodiscard]] stipend_unix_ns now() const { return now_; }
    [[nodiscard]] const Totals& totals() const { return totals_; }
    [[nodiscard]] std::optional<stipend_unix_ns> next_wakeup() const { return engine_->next_wakeup(now_); }
    [[nodiscard]] bool failed() const { return engine_->failure().has_value(); }
    // The expectation that holds now, and begins the next one.
    Line expectation();
    // What the ledger holds now, by table.
    [[nodiscard]] std::map<std::string, std::string> ledger() const { return dump(file_); }
    // Ends the engine and checks that the ledger agrees with itself.
    void finish();

  private:
    struct Setup {
        std::vector<std::int64_t> numbers;
        std::vector<std::pair<std::string, std::int64_t>> policies;  // configuration and base pay
    };

    void define(const Line& line);
    void open();
    void install(const Line& line);
    std::shared_ptr<engine::Generation> generation(std::size_t setup);
    static std::shared_ptr<const plugin::PolicyInstance> policy(const std::string& config, const stipend_terms& terms);
    void job_done(const Line& line);
    void commit_done(std::int64_t how);
    void price_done(const Line& line);
    void note(const std::string& what);
    const std::string& text(std::int64_t number) const { return texts_.at(static_cast<std::size_t>(number)); }
    const registry::Payee& identity(std::int64_t number) const {
        return identities_.at(static_cast<std::size_t>(number));
    }

    void submit(const engine::JobSpec& job, const registry::Payee& payee) override;
    void commit(std::shared_ptr<const ledger::Batch> batch) override;
    [[nodiscard]] std::optional<uptime::Observed> observed(const registry::Payee& payee, stipend_unix_ns from,
                                                           stipend_unix_ns to) const override;
    void fetch_price(std::size_t network) override;
    void alert(const engine::Alert& alert) override;
    void decided(const registry::Payee& payee, const ledger::Decision& decision, const ledger::Network& network,
                 stipend_unix_ns now) override;
    void held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why,
              stipend_unix_ns next_at) override;

    plugin::testing::TempFolder folder_;
    const std::filesystem::path file_ = folder_ / "ledger.db";

    std::vector<std::string> texts_;
    std::vector<registry::Payee> identities_;
    std::vector<engine::JobResult> results_;
    std::vector<Setup> setups_;

    stipend_unix_ns now_ = 0;
    std::unique_ptr<ledger::Ledger> ledger_;
    std::unique_ptr<engine::Engine> engine_;
    std::map<std::string, Job> open_jobs_;  // sent and not ended, by key
    std::map<std::string, uptime::Observed> seen_;
    std::shared_ptr<const ledger::Batch> batch_;
    bool price_asked_ = false;

    Asked asked_;
    Totals totals_;
    mutable std::int64_t notes_ = 0;
    mutable std::uint64_t digest_ = 0;
};

}  // namespace golden
