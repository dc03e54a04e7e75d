// The host as a whole: the engine on its control thread, and around it the ledger's thread, the plugins and the
// network.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/engine.hpp"
#include "host/engine/plan.hpp"
#include "host/work/watcher.hpp"

namespace stipend::engine {

// What the runtime tells the outside; all on the control thread.
class Reporter {
  public:
    virtual ~Reporter() = default;
    virtual void decided(const registry::Payee& payee, const ledger::Decision& decision, stipend_unix_ns now) = 0;
    virtual void held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why,
                      stipend_unix_ns next_at) = 0;
    virtual void alert(const Alert& alert) = 0;
};

struct RuntimeOptions {
    work::WorkshopOptions workshop;
    bool once = false;               // one cycle of what is due, then stop
    std::function<void()> on_turn;   // after each turn of the control loop, while all is well; may be empty
    std::int64_t turn_every_ns = 0;  // a turn at least this often; 0: only when there is something to do
};

class Runtime final : public Effects {
  public:
    // Opens the ledger and takes up its state. Nothing runs yet.
    static Result<std::unique_ptr<Runtime>> create(const Clock& clock, Reporter& reporter, RuntimeOptions options);
    ~Runtime() override;
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    // Takes a plan over: new instances beside the old, then the generation. On failure the old one goes on as it was.
    // [control], or before `run`.
    Result<ledger::GenerationId> apply(Plan plan);
    // Runs until `stop`, or the end of the one cycle. The calling thread is [control] meanwhile.
    Result<void> run();
    // Ends the run: sends no more jobs, finishes what is being written. [any]
    void stop();
    // Has the control thread do something. [any]
    void post(Task work) { shop_->loop().post(std::move(work)); }

    // All of these on [control] only.
    [[nodiscard]] Engine& engine() { return *engine_; }
    [[nodiscard]] const Plan& plan() const { return *plan_; }
    [[nodiscard]] stipend_unix_ns now() const { return shop_->now(); }
    [[nodiscard]] std::vector<std::string> instance_health() const;

    [[nodiscard]] work::LedgerWriter& writer() { return shop_->writer(); }  // [any]
    [[nodiscard]] work::ControlLoop& loop() { return shop_->loop(); }       // [any]
    [[nodiscard]] const RuntimeOptions& options() const { return options_; }

  private:
    Runtime(Reporter& reporter, RuntimeOptions options) : reporter_(reporter), options_(std::move(options)) {}
    std::optional<stipend_mono_ns> turn();
    void watch_clock(stipend_unix_ns now);

    // A new instance for each thing that changed; the old ones still serve. On failure none is left.
    struct Made {
        work::Slot dispatch, price;
        std::map<std::string, work::Slot> monitors;
    };
    Result<Made> make(const Plan& plan);
    void give_up(const Made& made);
    void take(Made made, const std::vector<PlannedCheck>& checks);

    void submit(const JobSpec& job, const registry::Payee& payee) override;
    void commit(std::shared_ptr<const ledger::Batch> batch) override;
    [[nodiscard]] std::optional<uptime::Observed> observed(const registry::Payee& payee, stipend_unix_ns from,
                                                           stipend_unix_ns to) const override;
    void fetch_price() override;
    void tell(const Alert& alert) override;
    void decided(const registry::Payee& payee, const ledger::Decision& decision) override;
    void held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why,
              stipend_unix_ns next_at) override;

    Reporter& reporter_;
    const RuntimeOptions options_;
    std::unique_ptr<Engine> engine_;
    std::optional<Plan> plan_;
    Made used_;
    std::unique_ptr<work::Workshop> shop_;  // destroyed before the rest: what it ends calls back into it
    std::unique_ptr<work::Watcher> watcher_;
    bool stopping_ = false;
};

}  // namespace stipend::engine
