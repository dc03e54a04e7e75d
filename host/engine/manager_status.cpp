// What a manager says of itself: whether it lives, its status, and its metrics.
#include "host/base/time.hpp"
#include "host/engine/manager.hpp"
#include "host/engine/status.hpp"
#include "host/ledger/policy_code.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t metrics_patience_ns = 5 * ns_per_s;
constexpr std::int64_t stuck_after_ns = 60 * ns_per_s;
constexpr std::size_t max_gaps_shown = 200;     // in an overview
constexpr std::size_t max_code_versions = 256;  // whose copies are kept; a policy has some hundred KB

Json restored_json(const ledger::Restored& restored, const std::optional<ledger::RestoredAccepted>& accepted) {
    auto by = Json();
    if (accepted) {
        by = Json::object()
                 .append("at", utc_text(accepted->at))
                 .append("by", accepted->by)
                 .append("compared", accepted->compared);
    }
    return Json::object()
        .append("at", utc_text(restored.at))
        .append("last_seq", restored.last)
        .append("backup_at", restored.backup_at == 0 ? Json() : Json(utc_text(restored.backup_at)))
        .append("accepted", std::move(by));
}

}  // namespace

void Manager::add_parts(Json& out) {
    if (auto windows = plan_->maintenance.status(host_.now()); !windows.items().empty()) {
        out.set("maintenance", std::move(windows));
    }
    if (auto demand = demand_json(engine_->demand()); !demand.is(Json::Kind::null))
        out.set("demand", std::move(demand));
    if (restoration_.restored) out.set("restored", restored_json(*restoration_.restored, restoration_.accepted));
    if (heads_) out.set("signed_heads", heads_->status());
    if (payouts_) out.set("payouts", payouts_->status());
}

Result<Json> Manager::overview(RecentTotals& totals) {
    STIPEND_LET(unpaid, host_.writer().ask([](ledger::Ledger& ledger) { return ledger.unpaid({}, max_gaps_shown); }));
    STIPEND_LET(unwell, unwell_plugins());
    STIPEND_LET(sums, totals.get(host_.clock().monotonic()));
    return host_.loop().ask([&] {
        auto out = summary_json(*engine_, *plan_, unwell, unpaid, host_.now());
        out.set("spend", spend_json(*engine_, host_.now()));
        out.set("networks", totals_json(sums));
        out.set("orchestrators", stopped_json(*engine_));
        add_parts(out);
        out.set("plugins", host_.plugins_json());
        return out;
    });
}

bool Manager::alive(stipend_unix_ns now) {
    return !engine_->stuck(now, stuck_after_ns);
}

// Each plugin is asked on this thread: one that does not answer must not hold up the control thread.
Result<std::vector<std::string>> Manager::unwell_plugins() {
    struct Asked {
        std::vector<std::shared_ptr<plugin::Instance>> instances;
        std::vector<std::shared_ptr<const Generation>> generations;
    };
    STIPEND_LET(asked, host_.loop().ask([this] {
        Asked out{{}, engine_->generations()};
        for (const auto& [key, one] : host_.instances().in_use()) out.instances.push_back(one.instance);
        return out;
    }));
    std::vector<std::string> out;
    for (const auto& instance : asked.instances) {
        if (const auto health = instance->health(); !health) out.push_back(health.error().message);
    }
    for (const auto& generation : asked.generations) {
        for (const auto& policy : generation->policies) {
            if (auto why = policy->trouble()) out.push_back(std::move(*why));
        }
    }
    return out;
}

Result<std::vector<std::string>> Manager::recorded_code(const std::filesystem::path& state_folder) const {
    return ledger::policy_code_in_use(ledger::database_file(state_folder), max_code_versions);
}

Result<Json> Manager::status() {
    STIPEND_LET(unpaid, host_.writer().ask([](ledger::Ledger& ledger) { return ledger.unpaid({}, max_listed); }));
    STIPEND_LET(unwell, unwell_plugins());
    return host_.loop().ask([&] {
        auto out = status_json(*engine_, *plan_, unwell, unpaid, host_.now());
        add_parts(out);
        return out;
    });
}

Json Manager::generations() const {
    const auto counts = engine_->payees_by_generation();
    auto out = Json::array();
    std::size_t at = 0;
    for (const auto& generation : engine_->generations()) {
        out.push(Json::object()
                     .append("generation", generation->row.id)
                     .append("since", utc_text(generation->row.at))
                     .append("policy", generation->row.policy)
                     .append("version", generation->row.version)
                     .append("sha256", generation->row.so_sha256)
                     .append("payees", counts[at++]));
    }
    return out;
}

void Manager::refresh_metrics(runtime::Metrics& metrics) {
    PlainMetrics{*engine_, *plan_, host_, calls_, refused_observations_, payouts_.get()}.refresh(metrics);
}

Result<void> Manager::add_metrics(runtime::MetricPage& page) {
    STIPEND_TRY(metrics_->add(page, payouts_.get()));
    STIPEND_LET(sent, host_.loop().ask_within(metrics_patience_ns, [this] { return dispatch_.counts(); }));
    DispatchDesk::add(page, sent);
    return {};
}

}  // namespace stipend::engine
