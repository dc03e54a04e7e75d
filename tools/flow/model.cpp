#include "tools/flow/model.hpp"

#include <algorithm>
#include <charconv>

#include "host/base/printable.hpp"

namespace stipend::flow {
namespace {

constexpr std::string_view at_an_end[] = {"paid", "returned"};

std::optional<std::int64_t> whole(const Json& object, std::string_view key) {
    return scaled(object, key, 0);
}

Check check_of(const Json& decision, std::uint64_t epoch) {
    return {.epoch = epoch,
            .answered = text_of(decision, "job") == "ok",
            .paid = text_of(decision, "action") == "pay",
            .uptime_ppm = scaled(decision, "uptime_percent", 4),
            .multiplier = text_of(decision, "multiplier")};
}

Json check_json(const Check& check) {
    return Json::object()
        .append("epoch", check.epoch)
        .append("job", check.answered ? "ok" : "failed")
        .append("action", check.paid ? "pay" : "skip")
        .append("uptime_ppm", check.uptime_ppm ? Json(*check.uptime_ppm) : Json())
        .append("multiplier", check.multiplier);
}

std::optional<std::uint64_t> epoch_of(const Json& decision) {
    const auto epoch = whole(decision, "epoch");
    if (!epoch || *epoch < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*epoch);
}

// Whether two payouts are of the same asset, so that they have a sum.
bool same_asset(const Json& a, const Json& b) {
    return std::ranges::all_of(std::initializer_list<const char*>{"asset", "token", "chain_id", "decimals"},
                               [&](const char* key) { return text_of(a, key) == text_of(b, key); });
}

Json member(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    return found == nullptr ? Json() : *found;
}

Json lane_json(const Lane& lane) {
    const auto sums = payouts_of(lane);
    auto checks = Json::array();
    for (const auto& one : lane.checks) checks.push(check_json(one));
    auto open = Json::array();
    for (const auto& [number, one] : lane.payouts) {
        if (std::ranges::find(at_an_end, text_of(one, "state")) == std::end(at_an_end)) open.push(one);
    }
    return Json::object()
        .append("orchestrator_id", lane.id)
        .append("next_due", member(lane.standing, "next_due"))
        .append("owed_wei", member(lane.standing, "owed_wei"))
        .append("sent_wei", sums.sent.text())
        .append("final_wei", sums.final.text())
        .append("payout_asset", sums.asset.empty() ? Json() : Json(sums.asset))
        .append("standing", lane.standing)
        .append("decision", lane.decision)
        .append("checks", std::move(checks))
        .append("open_payouts", std::move(open));
}

}  // namespace

std::string text_of(const Json& object, std::string_view key) {
    const auto* value = object.find(key);
    if (value == nullptr || value->is(Json::Kind::null)) return "-";
    return std::string(clip(value->text(), most_text_bytes));
}

std::string shown(const Json& object, std::string_view key) {
    return printable_line(text_of(object, key));
}

std::optional<std::int64_t> scaled(const Json& object, std::string_view key, int places) {
    const auto number = Decimal::parse(text_of(object, key));
    if (!number) return std::nullopt;
    const auto value = number->exact_scaled(places);
    return value ? std::optional(*value) : std::nullopt;
}

const Lane* Model::find(const std::string& id) const {
    const auto found = lanes_.find(id);
    return found == lanes_.end() ? nullptr : &found->second;
}

void Model::take_orchestrators(const Json& list) {
    std::set<std::string> listed;
    left_out_ = 0;
    for (const auto& one : list.items()) {
        listed.insert(text_of(one, "orchestrator_id"));
        take_orchestrator(one);
    }
    std::erase_if(lanes_, [&](const auto& lane) { return !listed.contains(lane.first); });
}

void Model::take_orchestrator(const Json& one) {
    const auto id = text_of(one, "orchestrator_id");
    if (id == "-") return;
    if (!lanes_.contains(id) && lanes_.size() >= most_lanes) {
        ++left_out_;
        return;
    }
    auto& lane = lanes_[id];
    lane.id = id;
    lane.standing = one;
}

void Model::take_payments(const Json& list) {
    for (const auto& one : list.items()) take_decision(one);
}

void Model::take_decision(const Json& one) {
    const auto found = lanes_.find(text_of(one, "orchestrator"));
    const auto epoch = epoch_of(one);
    if (found == lanes_.end() || !epoch) return;  // a manual payment has no epoch
    auto& lane = found->second;
    auto& checks = lane.checks;
    const auto at = std::ranges::lower_bound(checks, *epoch, {}, &Check::epoch);
    if (at != checks.end() && at->epoch == *epoch) return;
    if (at == checks.begin() && checks.size() >= kept_checks) return;
    if (at == checks.end()) lane.decision = one;
    checks.insert(at, check_of(one, *epoch));
    if (checks.size() > kept_checks) checks.pop_front();
}

void Model::take_payouts(const Json& list, bool complete) {
    for (auto& [id, lane] : lanes_) lane.payouts.clear();
    payouts_ = 0;
    payouts_complete_ = complete;
    for (const auto& one : list.items()) take_payout(one);
}

void Model::take_payout(const Json& one) {
    const auto found = lanes_.find(text_of(one, "orchestrator"));
    const auto number = whole(one, "payout");
    if (found == lanes_.end() || !number) return;
    auto& payouts = found->second.payouts;
    const auto known = payouts.find(*number);
    if (known != payouts.end()) {
        known->second = one;
        return;
    }
    payouts.emplace(*number, one);
    if (++payouts_ <= most_payouts) return;
    // The oldest one of this lane is given up, unless it is on the way.
    const auto& oldest = payouts.begin()->second;
    if (std::ranges::find(at_an_end, text_of(oldest, "state")) == std::end(at_an_end)) return;
    payouts.erase(payouts.begin());
    --payouts_;
    payouts_complete_ = false;
}

std::string Model::take_event(std::string_view name, const Json& data) {
    ++events_;
    if (name == "payment") {
        take_decision(data);
        return text_of(data, "orchestrator");
    }
    if (name == "payout") {
        take_payout(data);
        return text_of(data, "orchestrator");
    }
    if (name == "state" || name == "objection") return text_of(data, "orchestrator");
    if (name == "alert") {
        const bool resolved = text_of(data, "resolved") == "true";
        last_alert_ = cat(text_of(data, "id"), ": ", resolved ? "resolved" : text_of(data, "text"));
    }
    return {};
}

Payouts payouts_of(const Lane& lane) {
    Payouts out;
    if (lane.payouts.empty()) return out;
    const auto& newest = lane.payouts.rbegin()->second;
    out.asset = text_of(newest, "asset");
    out.decimals = text_of(newest, "decimals");
    for (const auto& [number, one] : lane.payouts) {
        const auto amount = SignedWei::parse(text_of(one, "amount_wei"));
        const auto state = text_of(one, "state");
        if (!amount || state == "returned" || !same_asset(one, newest)) continue;
        auto& sum = state == "paid" ? out.final : out.sent;
        if (const auto more = sum.plus(*amount)) sum = *more;
    }
    return out;
}

Json document(const Model& model, std::string_view url, std::string_view at) {
    auto lanes = Json::array();
    for (const auto& [id, lane] : model.lanes()) lanes.push(lane_json(lane));
    return Json::object()
        .append("at", at)
        .append("url", url)
        .append("payouts_complete", model.payouts_complete())
        .append("left_out", model.left_out())
        .append("orchestrators", std::move(lanes));
}

}  // namespace stipend::flow
