// What the manager does to distribute a call: it chooses among those that are connected, takes places in the queue, has
// the answer made durable, and then sends the jobs.
#include <algorithm>
#include <map>
#include <set>

#include "host/base/printable.hpp"
#include "host/engine/manager.hpp"
#include "host/engine/order_record.hpp"
#include "host/engine/plugin_calls.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {

// What is known of the orchestrators beside the engine.
struct CallPeers {
    std::map<std::string, std::set<std::string, std::less<>>, std::less<>> registered;  // capabilities, by approved id
    std::set<std::string, std::less<>> unreached;
};

struct CallChoice {
    api::Distributed refusal;  // the two below are empty then
    std::vector<registry::PayeeIndex> payees = {};
    std::vector<std::pair<std::string, std::string>> shown = {};  // id and endpoint, in the same order
    DispatchRules rules = {};
};

namespace {

constexpr std::size_t least_loaded_count = 3;

using Ids = std::set<std::string, std::less<>>;

bool has_all(const Ids& has, const std::vector<std::string>& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& one) { return has.contains(one); });
}

bool able(const registry::Payee& payee, const std::map<std::string, Ids, std::less<>>& registered,
          const std::vector<std::string>& wanted) {
    if (const auto found = registered.find(payee.key); found != registered.end()) return has_all(found->second, wanted);
    return has_all({payee.capability}, wanted);
}

Json answer_of(const CallChoice& chosen, std::string_view strategy) {
    auto distribution = Json::array();
    for (const auto& [id, endpoint] : chosen.shown) {
        distribution.push(
            Json::object().append("orchestrator_id", id).append("endpoint", endpoint).append("assigned", true));
    }
    return Json::object()
        .append("success", true)
        .append("strategy", strategy)
        .append("orchestrators_assigned", chosen.shown.size())
        .append("distribution", std::move(distribution))
        .append("status", "queued");
}

}  // namespace

// On the control thread.
bool Manager::is_connected(registry::PayeeIndex at, const std::set<std::string, std::less<>>& unreached) const {
    if (!engine_->is_active(at) || engine_->state_of(at).consecutive_failures > 0) return false;
    const auto key = engine_->payees().key(at);
    return !unreached.contains(key) && !(plan_->registered.contains(key) && without_proof(key));
}

// On the control thread. Counts those that it returns in the rates, and keeps their places.
CallChoice Manager::choose(const api::CallOrder& order, const CallPeers& among) {
    using Is = api::Distributed::Is;
    using Strategy = api::CallOrder::Strategy;
    CallChoice out;
    const auto& payees = engine_->payees();
    std::set<registry::PayeeIndex> named;
    for (const auto& id : order.orchestrators) {
        const auto at = payees.find(id);
        if (!at) {
            out.refusal = {.is = Is::unknown, .why = cat("no such orchestrator: ", clip(id, 200))};
            return out;
        }
        named.insert(*at);
    }
    const auto consider = [&](registry::PayeeIndex at) {
        if (!is_connected(at, among.unreached)) return;
        if (order.strategy == Strategy::capabilities && !able(payees[at], among.registered, order.capabilities)) return;
        out.payees.push_back(at);
    };
    if (order.restricted) {
        for (const auto at : named) consider(at);
    } else {
        for (registry::PayeeIndex at = 0; at < payees.size(); ++at) consider(at);
    }
    if (order.strategy == Strategy::least_loaded) {
        const auto calls = [&](registry::PayeeIndex at) {
            return engine_->state_of(at).checks_total + calls_.given_to(at);
        };
        const auto count = std::min(out.payees.size(), least_loaded_count);
        std::ranges::partial_sort(out.payees, out.payees.begin() + static_cast<std::ptrdiff_t>(count), {},
                                  [&](registry::PayeeIndex at) { return std::pair(calls(at), at); });
        out.payees.resize(count);
    }
    if (out.payees.empty()) {
        calls_.count_refusal();
        out.refusal = {.is = Is::none_connected, .why = "no orchestrator that this call is for is connected"};
        return out;
    }
    if (out.payees.size() > CallDesk::max_calls) {
        out.refusal = {.is = Is::too_wide,
                       .why = cat("this call is for ", out.payees.size(), " orchestrators, want at most ",
                                  CallDesk::max_calls, ": name them in \"orchestrator_ids\"")};
        out.payees.clear();
        return out;
    }
    const auto now = host_.now();
    out.rules = engine_->generations().back()->dispatch;
    if (const auto later = calls_.admit(out.payees, out.rules, now)) {
        out.refusal = {.is = Is::too_often,
                       .why = "beyond the rate of jobs, or too many calls wait",
                       .retry_after_s = std::max<std::int64_t>((*later - now + ns_per_s - 1) / ns_per_s, 1)};
        out.payees.clear();
        return out;
    }
    for (const auto at : out.payees) out.shown.emplace_back(payees.key(at), payees[at].address);
    return out;
}

Result<api::Distributed> Manager::distribute(const api::CallOrder& order, const api::OrderKey& key) {
    using Is = api::Distributed::Is;
    using Strategy = api::CallOrder::Strategy;
    if (!key.names.empty()) {
        STIPEND_LET(before, host_.writer().ask([&](ledger::Ledger& ledger) { return answer_before(ledger, key); }));
        if (before) return api::Distributed{.is = Is::queued, .answer = std::move(*before)};
    }
    CallPeers among;
    if (order.strategy == Strategy::capabilities && registrations_) {
        STIPEND_LET(approved, registrations_->approved());
        for (const auto& one : approved) {
            const auto& names = one.stated.capabilities;
            among.registered.emplace(one.stated.id, Ids(names.begin(), names.end()));
        }
    }
    if (connect_back_) {
        for (auto& id : connect_back_->failing()) among.unreached.insert(std::move(id));
    }
    STIPEND_LET(chosen, host_.loop().ask([&] { return choose(order, among); }));
    if (chosen.payees.empty()) return chosen.refusal;
    auto answer = answer_of(chosen, order.strategy_name);
    // Written before anything is sent: a call that is sent again after a crash is answered, and not sent twice.
    if (!key.names.empty()) {
        ledger::Batch batch;
        record_answer(batch, key, answer, host_.now());
        const auto written = host_.writer().ask([&](ledger::Ledger& ledger) { return ledger.commit(batch); });
        if (!written) {
            host_.loop().post([this, count = chosen.payees.size()] { calls_.drop(count); });
            return written.error();
        }
    }
    host_.log().info(cat("call ", printable_line(order.type), " by ", printable_line(order.by), ": queued for ",
                         chosen.payees.size(), " orchestrators"));
    host_.loop().post([this, chosen, text = CallText{order.type, order.payload}]() mutable {
        calls_.begin(chosen.payees, std::move(text), chosen.rules, host_.now());
    });
    return api::Distributed{.is = Is::queued, .answer = std::move(answer)};
}

void Manager::send_call(std::uint64_t number, const CallDesk::Call& call) {
    const auto now = host_.now();
    const auto payee = engine_->payees()[call.payee];
    const JobSpec job{.token = {call.payee, 0},
                      .epoch = number,
                      .period_from = 0,
                      .period_to = 0,
                      .known = engine_->state_of(call.payee).known,
                      .registered = plan_->registered.contains(payee.key),
                      .max_fee = engine_->max_call_fee(call.payee, now),
                      .call = call.text};
    dispatch_.submit(job, payee, [this, number, payee = call.payee](const JobResult& result) {
        const auto ended = host_.now();
        engine_->call_done(payee, number, result.fee, ended);
        calls_.done(number, result, ended);
    });
}

PayerJobs Manager::payer_jobs(stipend_unix_ns now) const {
    const auto& counts = calls_.counts();
    return {.asked = counts.queued, .failed = counts.failed, .waiting = calls_.waiting_for_rate(now)};
}

void Manager::calls_over(const CallText& text, const CallDesk::Summary& summary) {
    auto line =
        cat("call ", printable_line(text.type), ": ", summary.answered, " answered, ", summary.failed, " failed");
    if (summary.failed > 0) line += ": " + summary.first_failure;
    host_.log().info(std::move(line));
}

}  // namespace stipend::engine
