#include "host/engine/explain.hpp"

#include <charconv>
#include <cstring>

#include "host/base/time.hpp"
#include "host/engine/own_terms.hpp"
#include "host/engine/payee_state.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/record.hpp"

namespace stipend::engine {
namespace {

// Those of a generation: the common ones, and by which its orchestrator may have been decided beside them.
struct LedgerTerms {
    std::int64_t interval_ns = 0;
    Usd base = {};
    std::vector<OwnTerms> own = {};
};

std::int64_t whole_in(const Json& object, std::string_view name) {
    const auto* member = object.find(name);
    std::int64_t out = 0;
    if (member != nullptr) std::from_chars(member->text().data(), member->text().data() + member->text().size(), out);
    return out;
}

Result<LedgerTerms> terms_of(const ledger::Generation& row, std::string_view orchestrator) {
    STIPEND_LET(json, parse_json(row.terms));
    LedgerTerms out{whole_in(json, "interval_ns"), Usd::of_e8(whole_in(json, "base_usd_e8")),
                    own_terms_of(json, orchestrator)};
    if (out.interval_ns > 0 && !out.base.negative()) return out;
    return fail(STIPEND_E_INVALID, "generation ", row.id, ": its terms are damaged");
}

// What is known of the state before the decision without asking a policy.
ledger::EngineState recorded_before(const ledger::DecisionBasis& basis, std::int64_t interval_ns) {
    ledger::EngineState state{.epoch = basis.decision.epoch - 1, .interval_ns = interval_ns};
    if (basis.previous) {
        state.interval_ns = next_interval_ns(*basis.previous);
        state.last_decided_at = basis.previous->decided_at;
        state.consecutive_failures = basis.previous->consecutive_failures;
        state.suspended = basis.previous->suspended;
    }
    if (basis.pardoned_before) {
        state.consecutive_failures = basis.pardoned_before->failures_after;
        state.suspended = basis.pardoned_before->suspended_after;
    }
    state.checks_total = state.epoch;
    state.checks_ok = state.epoch;
    return state;
}

// One attempt to come to the recorded decision.
class Attempt {
  public:
    Attempt(const ledger::DecisionBasis& basis, const plugin::PolicyInstance& policy, Usd base,
            std::int64_t interval_ns)
        : basis_(basis), policy_(policy), base_(base), interval_ns_(interval_ns) {}

    Result<void> run(Recomputed& out) {
        STIPEND_TRY(find_state());
        out.state = from_;
        out.failures_before = state_.consecutive_failures;
        out.interval_ns = state_.interval_ns;
        state_.due_at = basis_.decision.due_at;
        auto sample = recorded_sample(state_, basis_.decision, base_);
        STIPEND_TRY(decide(sample, out));
        const auto& d = basis_.decision;
        if (out.same() || d.job != ledger::Job::ok || d.uptime_ppm.value_or(0) != 0) return {};
        // An answer without an uptime counts as one of 0, and as none.
        Recomputed without = out;
        sample.flags &= ~std::uint32_t{STIPEND_SAMPLE_REPORTED};
        STIPEND_TRY(decide(sample, without));
        if (without.same()) out = std::move(without);
        return {};
    }

    [[nodiscard]] const ledger::EngineState& state() const { return state_; }

  private:
    Result<void> find_state() {
        state_ = recorded_before(basis_, interval_ns_);
        if (!basis_.start) return {};
        auto state = *basis_.start;
        if (!basis_.stored) state.interval_ns = interval_ns_;
        // Memory of another policy, or of another layout, would be misread.
        if (basis_.memory_policy != policy_.plugin_id() || basis_.memory_version != policy_.memory_version()) {
            state.memory = {};
        }
        for (const auto& d : basis_.between) {
            state.due_at = d.due_at;
            const auto sample = recorded_sample(state, d, base_);
            stipend_decision decision{};
            STIPEND_TRY(policy_.decide({&sample, 1}, {&decision, 1}));
            if (decision.action == STIPEND_HOLD || !decides_as_recorded(decision, d))
                return {};  // another one decided it
            STIPEND_TRY(apply(state, decision, next_interval_ns(d)));
        }
        state_ = state;
        from_ = basis_.stored && basis_.between.empty() ? Recomputed::From::stored : Recomputed::From::decided_again;
        return {};
    }

    Result<void> decide(const stipend_sample& sample, Recomputed& out) {
        stipend_decision decision{};
        STIPEND_TRY(policy_.decide({&sample, 1}, {&decision, 1}));
        out.decision = decision;
        out.differences.clear();
        compare(decision, out);
        return {};
    }

    void compare(const stipend_decision& got, Recomputed& out) {
        const auto& d = basis_.decision;
        const auto differs = [&](std::string_view field, const auto& recorded, const auto& again) {
            if (recorded != again) out.differences.push_back({field, cat(recorded), cat(again)});
        };
        differs("action", static_cast<std::int32_t>(d.action), got.action);
        differs("tier", d.tier, std::string(got.tier, strnlen(got.tier, sizeof got.tier)));
        if (d.job == ledger::Job::ok) differs("uptime_ppm", d.uptime_ppm.value_or(0), got.uptime_ppm);
        differs("multiplier_ppm", d.multiplier_ppm, got.multiplier_ppm);
        differs("amount_usd", d.usd.text(), Usd::of_e8(got.amount_usd_e8).text());
        differs("delay_ns", d.delay_ns, got.delay_ns);
        differs("penalty_ns", d.penalty_ns, got.penalty_ns);
        differs("consecutive_failures", d.consecutive_failures, got.consecutive_failures);
        differs("suspended", d.suspended ? 1 : 0, (got.flags & STIPEND_DECISION_SUSPENDED) != 0 ? 1 : 0);
        // The row has the job's own reason behind that of the policy.
        const std::string reason(got.reason, strnlen(got.reason, sizeof got.reason));
        if (!d.reason.starts_with(reason)) differs("reason", d.reason, reason);
        compare_amount(got, differs);
    }

    template <class Differs>
    void compare_amount(const stipend_decision& got, const Differs& differs) {
        const auto& d = basis_.decision;
        // Before hosts computed amounts, a policy rounded both by itself.
        const bool by_host = basis_.generation.terms.find(ledger::amounts_by_host) != std::string::npos;
        if (!by_host && basis_.network.id == 0) return;
        const auto rate = basis_.price ? std::optional(basis_.price->usd_per_eth_e8) : std::nullopt;
        const auto units = amount_in_units(Usd::of_e8(got.amount_usd_e8), rate, basis_.network.decimals);
        differs("amount_wei", d.wei.text(), units ? units->text() : units.error().message);
    }

    const ledger::DecisionBasis& basis_;
    const plugin::PolicyInstance& policy_;
    const Usd base_;
    const std::int64_t interval_ns_;
    ledger::EngineState state_ = {};
    Recomputed::From from_ = Recomputed::From::assumed;
};

// By these terms; its error says why that is not possible.
Result<Decider> decide_by(const ledger::DecisionBasis& basis, const PolicySource& policies, std::int64_t interval,
                          Usd base, const std::string& config_json) {
    Decider out{.again = {.base = base, .config_json = config_json}};
    STIPEND_SET(out.in_use, policies(basis.generation, config_json, make_terms(interval, base.count_e8())));
    out.again.by_sha256 = out.in_use.so_sha256;
    Attempt attempt(basis, *out.in_use.policy, base, interval);
    STIPEND_TRY(attempt.run(out.again));
    out.before = attempt.state();
    return out;
}

Result<Recomputed> recompute(const ledger::DecisionBasis& basis, const PolicySource& policies,
                             const TermsSource& present) {
    STIPEND_LET(by, decider_of(basis, policies, present));
    const auto& d = basis.decision;
    const auto sample = without_history(recorded_sample(by.before, d, by.again.base));
    STIPEND_SET(by.again.range, range_around(*by.in_use.policy, sample, d.uptime_ppm.value_or(0)));
    return std::move(by.again);
}

// What is known without a policy.
Recomputed not_recomputed(const ledger::DecisionBasis& basis, const Error& why) {
    const auto terms = terms_of(basis.generation, basis.key);
    const auto interval = terms ? terms->interval_ns : basis.decision.next_at - basis.decision.due_at;
    const auto before = recorded_before(basis, interval);
    return {.failures_before = before.consecutive_failures,
            .interval_ns = before.interval_ns,
            .base = terms ? terms->base : Usd(),
            .config_json = basis.generation.config,
            .error = why.message};
}

}  // namespace

Result<Decider> decider_of(const ledger::DecisionBasis& basis, const PolicySource& policies,
                           const TermsSource& present) {
    STIPEND_LET(terms, terms_of(basis.generation, basis.key));
    const auto& config = basis.generation.config;
    STIPEND_LET(common, decide_by(basis, policies, terms.interval_ns, terms.base, config));
    if (common.again.same()) return common;
    for (const auto& own : terms.own) {
        auto by_own = decide_by(basis, policies, terms.interval_ns, own.base, own.config_json);
        if (by_own && by_own->again.same()) return by_own;
    }
    const auto own = present(basis.key);
    if (!own || (own->base == terms.base && own->config_json == config)) return common;
    auto by_own = decide_by(basis, policies, terms.interval_ns, own->base, own->config_json);
    if (!by_own || !by_own->again.same()) return common;
    by_own->again.present_terms = true;
    return by_own;
}

Result<std::optional<Explained>> explain(ledger::Ledger& book, const ledger::DecisionQuery& query,
                                         const PolicySource& policies, const TermsSource& present) {
    STIPEND_LET(basis, book.decision_basis(query));
    if (!basis) return std::optional<Explained>();
    std::optional<ledger::PayoutHistory> payout;
    if (basis->payout) {
        STIPEND_SET(payout, book.payout(*basis->payout));
    }
    const auto found = recompute(*basis, policies, present);
    const auto again = found ? *found : not_recomputed(*basis, found.error());
    return std::optional(Explained{.orchestrator = basis->key,
                                   .json = explanation_json(*basis, again, payout),
                                   .same = again.same() && basis->chained,
                                   .recomputed = again.decision.has_value()});
}

}  // namespace stipend::engine
