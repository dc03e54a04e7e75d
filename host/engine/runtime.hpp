// The host as a whole: the engine on its control thread, and around it the ledger's thread, the plugins and the
// network.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/timeline.hpp"
#include "host/engine/control_loop.hpp"
#include "host/engine/engine.hpp"
#include "host/engine/ledger_writer.hpp"
#include "host/engine/plan.hpp"
#include "host/http/curl_client.hpp"
#include "host/plugin/executor.hpp"
#include "host/plugin/instance.hpp"

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
    ledger::Namespace ns;
    std::string state_folder;
    bool once = false;               // one cycle of what is due, then stop
    std::function<void()> on_turn;   // after each turn of the control loop, while all is well; may be empty
    std::int64_t turn_every_ns = 0;  // a turn at least this often; 0: only when there is something to do
    plugin::LogSink* log = nullptr;  // of the plugins; borrowed
    plugin::MetricSink* metrics = nullptr;
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
    void post(Task work) { loop_.post(std::move(work)); }

    // All of these on [control] only.
    [[nodiscard]] Engine& engine() { return *engine_; }
    [[nodiscard]] const Plan& plan() const { return *plan_; }
    [[nodiscard]] stipend_unix_ns now() const { return line_.now(); }
    [[nodiscard]] std::vector<std::string> instance_health() const;

    [[nodiscard]] LedgerWriter& writer() { return *writer_; }  // [any]
    [[nodiscard]] ControlLoop& loop() { return loop_; }        // [any]
    [[nodiscard]] const RuntimeOptions& options() const { return options_; }

  private:
    // An instance that is used, and what it was made of: the same again need not be made anew.
    struct Slot {
        std::shared_ptr<plugin::Instance> instance;
        std::string made_of;
    };

    Runtime(const Clock& clock, Reporter& reporter, RuntimeOptions options);
    Result<Slot> make(const Slot& old, const plugin::Prepared& prepared, const std::string& name, const Plan& plan);
    void retire(std::shared_ptr<plugin::Instance> instance);
    std::optional<stipend_mono_ns> turn();
    void watch_clock(stipend_unix_ns now);

    void submit(const JobSpec& job, const registry::Payee& payee) override;
    void commit(std::shared_ptr<const ledger::Batch> batch) override;
    void fetch_price() override;
    void tell(const Alert& alert) override;
    void decided(const registry::Payee& payee, const ledger::Decision& decision) override;
    void held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why,
              stipend_unix_ns next_at) override;

    const Clock& clock_;
    const TimeLine line_;
    Reporter& reporter_;
    const RuntimeOptions options_;
    ControlLoop loop_;
    // Destroyed from the bottom up: instances before the client and the pool that call them back.
    std::unique_ptr<plugin::WorkerPool> pool_;
    std::unique_ptr<LedgerWriter> writer_;
    std::unique_ptr<http::CurlClient> client_;
    std::unique_ptr<Engine> engine_;
    std::optional<Plan> plan_;
    Slot dispatch_, price_;
    std::vector<std::shared_ptr<plugin::Instance>> retiring_;
    bool stopping_ = false;
};

}  // namespace stipend::engine
