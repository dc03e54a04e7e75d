// What each analysis gets: checks one after another, in the order of the ledger, and what is known beside them. Memory
// is bounded by the number of groups.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/config/settings.hpp"
#include "host/ledger/ledger.hpp"
#include "host/ledger/span_facts.hpp"
#include "stipend/json.hpp"

namespace stipend::analysis {

inline constexpr std::size_t max_groups = 100'000;

// By what the figures are summed up.
enum class By : std::uint8_t { all, tier, orchestrator, capability };

// Outlives the analysis.
struct Context {
    stipend_unix_ns from = 0;
    stipend_unix_ns to = 0;   // not later than `now`
    stipend_unix_ns now = 0;  // when it is made
    By by = By::all;
    const ledger::SpanFacts& facts;
    // The capability of an orchestrator by its key; empty: the dispatch plugin's own.
    std::function<std::string(std::string_view key)> capability_of;
    std::vector<config::Sla> sla = {};
    bool span_is_over = true;  // the span that was asked for, not the part of it up to now
};

// One decision.
struct Check {
    std::string_view key;  // of its orchestrator
    const ledger::Decision& decision;
    bool excused = false;  // it failed, and a pardon took it back
};

// What an analysis comes to.
struct Report {
    std::vector<Json> rows = {};          // flat objects, all with the same members
    std::optional<Json> total = {};       // one more of them
    std::vector<Json::Member> more = {};  // other members of the answer
};

// An analysis. One thread at a time.
class Analysis {
  public:
    virtual ~Analysis() = default;
    // LIMIT: more than max_groups.
    [[nodiscard]] virtual Result<void> take(const Check& check) = 0;
    [[nodiscard]] virtual Result<Report> finish() = 0;
};

// Sums by group.
template <class Sum>
class Grouped {
  public:
    explicit Grouped(const Context& context) : context_(context) {}

    // Valid as long as this is. LIMIT: more than max_groups.
    [[nodiscard]] Result<Sum*> of(const Check& check) {
        const auto& tier = check.decision.tier;
        if (context_.by == By::tier) return named(tier.empty() ? "(none)" : tier);
        return of(check.decision.orchestrator, check.key);
    }
    // Not by tier, which an orchestrator does not have.
    [[nodiscard]] Result<Sum*> of(ledger::OrchestratorId id, std::string_view key) {
        STIPEND_ASSERT(context_.by != By::tier);
        auto& known = by_id_[id];
        if (known == nullptr) {
            STIPEND_SET(known, named(name_of(key)));
        }
        return known;
    }
    [[nodiscard]] std::map<std::string, Sum>& sums() { return sums_; }

  private:
    [[nodiscard]] std::string name_of(std::string_view key) const {
        if (context_.by == By::all) return "all";
        if (context_.by == By::orchestrator) return std::string(key);
        auto capability = context_.capability_of(key);
        return capability.empty() ? "(default)" : capability;
    }
    [[nodiscard]] Result<Sum*> named(const std::string& name) {
        const auto found = sums_.find(name);
        if (found != sums_.end()) return &found->second;
        if (sums_.size() == max_groups) {
            return fail(STIPEND_E_LIMIT, "more than ", max_groups,
                        " groups: ask for one orchestrator, or by capability");
        }
        return &sums_[name];
    }

    const Context& context_;
    std::map<std::string, Sum> sums_;
    std::unordered_map<ledger::OrchestratorId, Sum*> by_id_;
};

// The name of the first column.
[[nodiscard]] constexpr const char* group_title(By by) {
    return by == By::tier           ? "tier"
           : by == By::orchestrator ? "orchestrator"
           : by == By::capability   ? "capability"
                                    : "group";
}

}  // namespace stipend::analysis
