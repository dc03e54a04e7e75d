// The configurations that still decide pay periods, oldest first. A period is decided by the generation that was the
// newest when the period began.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/generation.hpp"

namespace stipend::engine {

inline constexpr std::size_t max_live_generations = 3;

// True where the two decide alike for payees with the same terms; `own` is not compared.
[[nodiscard]] bool same_rules(const Generation& a, const Generation& b);

class Generations {
  public:
    // Counts publications of this run; two in a row may be of the same row of the ledger.
    using Number = std::uint32_t;

    // `next` is the id of the next new row; `last` is the newest row of the ledger.
    Generations(ledger::GenerationId next, std::optional<ledger::Generation> last)
        : next_(next), last_(std::move(last)) {}

    // Takes one as the newest and gives its row the id and time. True where the row is new to the ledger. `replaces`:
    // it takes the place of the newest, which decides nothing and to which nothing is bound.
    bool install(std::shared_ptr<Generation> generation, stipend_unix_ns now, bool replaces = false);

    [[nodiscard]] bool empty() const { return live_.empty(); }
    [[nodiscard]] bool full() const { return live_.size() >= max_live_generations; }
    [[nodiscard]] const Generation& current() const { return *live_.back().generation; }
    [[nodiscard]] const Generation& operator[](Number number) const { return *at(number).generation; }
    [[nodiscard]] std::vector<std::shared_ptr<const Generation>> all() const;
    // The one that decides a period that begins at `start`.
    [[nodiscard]] Number at_start(stipend_unix_ns start) const;
    [[nodiscard]] Number oldest() const { return first_; }
    [[nodiscard]] Number newest() const { return first_ + static_cast<Number>(live_.size()) - 1; }
    [[nodiscard]] bool bound(Number number) const { return at(number).users > 0; }

    // A payee's open period is bound to a generation: it stays until the period is decided or dropped.
    void bind(Number number) { ++at(number).users; }
    void release(Number number);
    // Drops the oldest ones that decide nothing any more: nothing is bound to them, and no period that is still to be
    // sent began with them. `earliest_due` is the earliest due time of those.
    void retire(std::optional<stipend_unix_ns> earliest_due);
    // The same, by the earliest beginning of those periods: exact, where `retire` may keep one for longer.
    void retire_before(std::optional<stipend_unix_ns> earliest_start);

    // Numbers the distinct pairs of policy and memory version: memory of another owner is not handed to a policy.
    [[nodiscard]] std::uint32_t owner_of(const std::string& policy, std::uint32_t version);
    [[nodiscard]] std::uint32_t memory_owner(Number number) const { return at(number).memory_owner; }

  private:
    struct Live {
        std::shared_ptr<Generation> generation;
        std::uint32_t memory_owner = 0;
        std::size_t users = 0;
    };
    struct MemoryOwner {
        std::string policy;
        std::uint32_t version;
        friend bool operator==(const MemoryOwner&, const MemoryOwner&) = default;
    };
    [[nodiscard]] const Live& at(Number number) const {
        STIPEND_ASSERT(number >= first_ && number - first_ < live_.size());
        return live_[number - first_];
    }
    [[nodiscard]] Live& at(Number number) { return const_cast<Live&>(std::as_const(*this).at(number)); }

    std::deque<Live> live_;
    Number first_ = 0;  // of the one at the front
    ledger::GenerationId next_;
    std::optional<ledger::Generation> last_;
    std::vector<MemoryOwner> owners_;  // few: generations come and go, policies and versions hardly
};

}  // namespace stipend::engine
