// What every role of the host stands on: the control thread's queue, the ledger's thread, the worker threads, the one
// HTTP client, and the plugin instances that are made and ended here.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/base/timeline.hpp"
#include "host/http/curl_client.hpp"
#include "host/plugin/executor.hpp"
#include "host/plugin/instance.hpp"
#include "host/plugin/prepare.hpp"
#include "host/work/control_loop.hpp"
#include "host/work/ledger_writer.hpp"

namespace stipend::work {

struct WorkshopOptions {
    ledger::Namespace ns;
    std::string state_folder;
    plugin::LogSink* log = nullptr;  // of the plugins; borrowed, as are the following
    plugin::MetricSink* metrics = nullptr;
    plugin::RouteTable* routes = nullptr;
    plugin::ServiceSource* watched = nullptr;
};

// An instance in use, and what it was made of: the same again need not be made anew.
struct Slot {
    std::shared_ptr<plugin::Instance> instance;
    std::string made_of;
};

class Workshop {
  public:
    // Makes the state folder where it is missing, and opens the ledger in it. Nothing runs yet.
    static Result<std::unique_ptr<Workshop>> create(const Clock& clock, WorkshopOptions options);
    // Whatever still answers finds nobody: the queue is closed, exchanges end, the plugins hear of that (for two
    // seconds at most) and go, then the threads.
    ~Workshop();
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;

    // What the ledger held when it was opened; once.
    [[nodiscard]] ledger::State take_state() { return std::move(state_); }

    // A started instance named `name`; `old` itself where it was made of the same. [control]
    Result<Slot> make(const Slot& old, const plugin::Prepared& prepared, const std::string& name,
                      const stipend_terms& terms);
    // Retires `fresh` where it is not what `mine` uses: for a change that is given up. [control]
    void give_up(const Slot& mine, const Slot& fresh);
    // Puts `fresh` in the place of `mine`; what was there and is used no more is retired. [control]
    void replace(Slot& mine, Slot fresh);
    // An instance that is no longer used completes what it has, and then goes; `then` follows, where there is one.
    // [control]
    void retire(const std::shared_ptr<plugin::Instance>& instance, std::function<void()> then = {});

    [[nodiscard]] ControlLoop& loop() { return loop_; }            // [any]
    [[nodiscard]] LedgerWriter& writer() { return *writer_; }      // [any]
    [[nodiscard]] http::HttpClient& client() { return *client_; }  // [any]
    [[nodiscard]] const Clock& clock() const { return clock_; }
    [[nodiscard]] const TimeLine& line() const { return line_; }
    [[nodiscard]] stipend_unix_ns now() const { return line_.now(); }
    [[nodiscard]] const WorkshopOptions& options() const { return options_; }

  private:
    Workshop(const Clock& clock, WorkshopOptions options);

    const Clock& clock_;
    const TimeLine line_;
    const WorkshopOptions options_;
    ControlLoop loop_;
    ledger::State state_;
    std::unique_ptr<plugin::WorkerPool> pool_;
    std::unique_ptr<LedgerWriter> writer_;
    std::unique_ptr<http::CurlClient> client_;
    std::vector<std::shared_ptr<plugin::Instance>> instances_;  // all that are not destroyed
    std::set<const plugin::Instance*> retired_;                 // those of them that are
};

}  // namespace stipend::work
