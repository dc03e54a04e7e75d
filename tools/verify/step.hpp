// The steps of a verification: which there are, which of them another one needs, and how what they found is printed.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/json.hpp"

namespace stipend::verify {

// In the order in which they are taken; the value is the number that is printed.
enum class StepId : std::uint8_t {
    dns = 1,
    tcp,
    tls,
    route,
    sentinel,
    token,
    capacity,
    price,
    job,
    served_by,
    uptime,
    tier,
    amount,
    ledger_row,
    settlement,
    audit,
};
inline constexpr std::size_t steps = 16;
[[nodiscard]] std::string_view name_of(StepId id);
// The steps that have to be good before it.
[[nodiscard]] std::span<const StepId> needs_of(StepId id);

enum class Verdict : std::uint8_t { pass, fail, skip };
[[nodiscard]] std::string_view name_of(Verdict verdict);  // "PASS" and so on

struct Found {
    Verdict verdict = Verdict::pass;
    std::string evidence;    // what was seen, or the reason; text from outside as it came
    std::string next;        // what to do next; empty: nothing
    bool in_the_way = true;  // of the steps that need it; a step that passed never is
};
[[nodiscard]] Found passed(std::string evidence);
[[nodiscard]] Found failed(std::string evidence, std::string next);
[[nodiscard]] Found skipped(std::string why, std::string next = {});
// There was nothing to do, and the steps behind it do not mind.
[[nodiscard]] Found not_needed(std::string why, std::string next = {});

struct Step {
    StepId id = StepId::dns;
    std::string orchestrator;  // its address; empty: of all
    Found found;
    std::int64_t took_ns = 0;
};

class Report {
  public:
    void add(Step step) { steps_.push_back(std::move(step)); }
    // The first step that `id` needs, for this orchestrator or for all of them, and that is in its way; a step that was
    // not taken is.
    [[nodiscard]] std::optional<StepId> blocked_by(StepId id, std::string_view orchestrator) const;
    [[nodiscard]] const std::vector<Step>& all() const { return steps_; }
    [[nodiscard]] std::size_t count(Verdict verdict) const;

  private:
    std::vector<Step> steps_;
};

// One step for a terminal, with its line end; `next` on a line of its own.
[[nodiscard]] std::string line_of(const Step& step);
// "14 passed, 1 failed, 1 skipped"
[[nodiscard]] std::string sum_of(const Report& report);
// See docs/verify.md.
[[nodiscard]] Json json_of(const Report& report);

}  // namespace stipend::verify
