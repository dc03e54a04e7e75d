#include "tools/jobs/pricing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <numeric>

#include "livepeer/wire.hpp"
#include "stipend/decimal.hpp"

namespace stipend::jobs {
namespace {

// Nothing where there is no price or no success, or the price is beyond all reason.
std::optional<Wei> each_of(const std::optional<Wei>& price, std::uint64_t units, std::uint64_t succeeded) {
    if (!price || succeeded == 0) return std::nullopt;
    try {
        const CheckedU256 all = price->value() * units;
        return Wei(CheckedU256((all + (succeeded - 1)) / succeeded));
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

// With its unit, where it is another than that of the column.
std::string price_text(const Stated& stated, bool per_call) {
    if (!stated.price) return "-";
    return cat(stated.price->text(), stated.per_call == per_call ? "" : stated.per_call ? "/call" : "/s");
}

double ratio_base(const std::vector<Priced>& all) {
    double sum = 0;
    double count = 0;
    for (const auto& one : all) {
        if (!one.cost_per_success || one.cost_per_success->zero()) continue;
        sum += one.cost_per_success->value().convert_to<double>();
        count += 1;
    }
    return count == 0 ? 1 : sum / count;
}

// Whole percent that are 100 in all: the largest remainders are rounded up.
void weigh(std::vector<Priced>& all) {
    const auto base = ratio_base(all);
    std::vector<double> scores;
    for (const auto& one : all) {
        const bool known = one.cost_per_success && one.p99_us;
        const auto cost = known ? 1 + one.cost_per_success->value().convert_to<double>() / base : 1;
        const auto p99 = static_cast<double>(std::max<std::int64_t>(one.p99_us.value_or(1), 1));
        const auto success =
            static_cast<double>(one.succeeded) / static_cast<double>(std::max<std::uint64_t>(one.sent, 1));
        scores.push_back(known ? success / (p99 * cost) : 0);
    }
    const auto sum = std::accumulate(scores.begin(), scores.end(), 0.0);
    if (sum <= 0) return;
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::uint32_t given = 0;
    for (const auto at : order) {
        scores[at] = scores[at] / sum * 100;
        all[at].weight_percent = static_cast<std::uint32_t>(scores[at]);
        scores[at] -= all[at].weight_percent;
        given += all[at].weight_percent;
    }
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
    for (std::size_t at = 0; given < 100 && at < order.size(); ++at, ++given) ++all[order[at]].weight_percent;
}

}  // namespace

Stated stated_by(const livepeer::Token& token) {
    Stated out;
    if (token.said == livepeer::Token::Said::price) out.price = token.price;
    if (token.tells_capacity) out.free_slots = token.capacity;
    out.problem = token.why;
    return out;
}

Stated stated_by(const livepeer::RunnerOffer& offer) {
    Stated out{.price = offer.price.value_or(Wei()), .free_slots = offer.available, .problem = {}};
    out.per_call = !offer.price || offer.unit == "fixed";
    return out;
}

std::vector<Priced> priced(const std::vector<Asked>& orchestrators, const std::map<std::string, Stated>& stated,
                           const Run& run) {
    std::vector<Priced> out;
    for (const auto& asked : orchestrators) {
        Priced one{.orchestrator = asked.address, .stated = {}};
        if (const auto found = stated.find(asked.address); found != stated.end()) one.stated = found->second;
        if (const auto of = run.by_orchestrator.find(asked.address); of != run.by_orchestrator.end()) {
            one.sent = of->second.sent;
            one.succeeded = of->second.by_outcome[0];
            one.p99_us = of->second.service.percentile(990);
            const auto& paid = of->second.paid;
            one.cost_per_success =
                paid.zero()
                    ? each_of(one.stated.price, one.stated.per_call ? one.sent : of->second.charged_s, one.succeeded)
                    : each_of(paid, 1, one.succeeded);
        }
        out.push_back(std::move(one));
    }
    weigh(out);
    return out;
}

Json json_of(const std::vector<Priced>& all) {
    auto out = Json::object();
    for (const auto& one : all) {
        out.append(
            one.orchestrator,
            Json::object()
                .append(one.stated.per_call ? "price_wei_per_call" : "price_wei_per_second",
                        one.stated.price ? Json(one.stated.price->text()) : Json())
                .append("free_slots", one.stated.free_slots ? Json(*one.stated.free_slots) : Json())
                .append("sent", one.sent)
                .append("succeeded", one.succeeded)
                .append("p99_ms", one.p99_us ? Json::of_number(scaled_text(*one.p99_us, 3)) : Json())
                .append("cost_per_success_wei", one.cost_per_success ? Json(one.cost_per_success->text()) : Json())
                .append("weight_percent", one.weight_percent)
                .append("problem", one.stated.problem));
    }
    return out;
}

std::string text_of(const std::vector<Priced>& all) {
    const bool per_call = !all.empty() && all.front().stated.per_call;
    auto out = fmt::format("\n{:<34} {:>12} {:>6} {:>9} {:>10} {:>16} {:>7}\n", "orchestrator",
                           per_call ? "wei/call" : "wei/s", "slots", "success", "p99 ms", "wei a success", "weight");
    for (const auto& one : all) {
        const auto success =
            one.sent == 0
                ? std::string("-")
                : fmt::format("{:.2f} %", 100.0 * static_cast<double>(one.succeeded) / static_cast<double>(one.sent));
        out += fmt::format("{:<34} {:>12} {:>6} {:>9} {:>10} {:>16} {:>5} %\n",
                           livepeer::printable(one.orchestrator, 34), price_text(one.stated, per_call),
                           one.stated.free_slots ? std::to_string(*one.stated.free_slots) : "-", success,
                           one.p99_us ? scaled_text(*one.p99_us, 3) : "-",
                           one.cost_per_success ? one.cost_per_success->text() : "-", one.weight_percent);
        if (!one.stated.problem.empty()) out += fmt::format("    {}\n", livepeer::printable(one.stated.problem, 160));
    }
    return out;
}

}  // namespace stipend::jobs
