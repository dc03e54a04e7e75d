// Raises alerts while orchestrators use up the error budgets of their targets of uptime too fast. Each minute, or each
// interval, it reads what was decided since, by a connection of its own on the pool for what blocks, so that no payment
// waits for it. [control]
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/analysis/burn.hpp"
#include "host/config/settings.hpp"
#include "host/engine/ledger_reader.hpp"
#include "host/runtime/host.hpp"

namespace stipend::engine {

class SlaWatch {
  public:
    static constexpr std::int64_t longest_ns = 60 * ns_per_s;  // between two looks; an interval where that is shorter
    using Capabilities = std::unordered_map<std::string, std::string>;

    // Called on the control thread.
    struct Parts {
        std::function<Capabilities()> capabilities;                    // of orchestrators, by key
        std::function<void(const analysis::BurnBook::Firing&)> raise;  // also where it fires already
        std::function<void(const std::function<bool(const std::string&)>& fires)> resolve_others;
        std::function<void(const std::string& text)> failed;  // empty: it works
    };
    // `host` outlives this; its pool for what blocks ends before this does.
    SlaWatch(runtime::Host& host, const config::Settings& settings, Parts parts);

    // Begins what is due; `targets` are those in force.
    void tick(stipend_unix_ns now, const std::vector<config::Sla>& targets);
    [[nodiscard]] stipend_unix_ns next() const { return next_at_; }

  private:
    // What a round leaves to the next one; used by one round at a time.
    struct Work {
        std::vector<config::Sla> targets = {};
        std::unique_ptr<analysis::BurnBook> book = {};
        ledger::Seq last = 0;  // that was read
        std::size_t pardons = 0;
    };
    using Found = Result<std::vector<analysis::BurnBook::Firing>>;
    [[nodiscard]] Found round(Work& work, stipend_unix_ns now, const Capabilities& capabilities);  // [blocking]
    [[nodiscard]] Result<void> read(Work& work, const ledger::SpanFacts& facts, stipend_unix_ns since,
                                    const Capabilities& capabilities);
    void over(const Found& found);

    runtime::Host& host_;
    const Parts parts_;
    const std::filesystem::path database_;
    const ledger::Namespace ns_;
    const std::int64_t every_ns_;
    LedgerReader ledger_;
    std::shared_ptr<Work> work_ = std::make_shared<Work>();
    stipend_unix_ns next_at_;
    bool busy_ = false;
    bool had_targets_ = true;  // also of the run before
};

}  // namespace stipend::engine
