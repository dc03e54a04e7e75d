#include "tools/jobs/threshold.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"

namespace stipend::jobs {
namespace {

constexpr std::size_t max_thresholds = 50;
constexpr std::array<std::pair<std::string_view, std::uint32_t>, 5> latencies{
    {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p999", 999}, {"max", 0}}};
constexpr std::array<std::pair<std::string_view, Threshold::Is>, 4> signs{{{"<=", Threshold::Is::at_most},
                                                                           {">=", Threshold::Is::at_least},
                                                                           {"<", Threshold::Is::below},
                                                                           {">", Threshold::Is::above}}};

// Sets what it is about; false where there is no such name.
bool named(Threshold& out, std::string_view name) {
    constexpr std::string_view service = "service.";
    out.service = name.starts_with(service);
    if (out.service) name.remove_prefix(service.size());
    for (const auto& [known, permille] : latencies) {
        if (name != known) continue;
        out.permille = permille;
        return true;
    }
    if (out.service) return false;
    out.of = Threshold::Of::count;
    out.failed = name == "failed";
    if (out.failed || name == "success") return true;
    for (std::size_t at = 1; at < outcomes; ++at) {
        out.outcome = static_cast<Outcome>(at);
        if (name == name_of(out.outcome)) return true;
    }
    return false;
}

Result<void> valued(Threshold& out, std::string_view value) {
    if (out.of == Threshold::Of::latency) {
        STIPEND_LET(ns, parse_duration(value));
        out.value = ns / ns_per_us;
        return {};
    }
    const bool share = value.ends_with('%');
    if (share) value.remove_suffix(1);
    out.of = share ? Threshold::Of::share : Threshold::Of::count;
    STIPEND_LET(number, Decimal::parse(value));
    STIPEND_SET(out.value, number.exact_scaled(share ? 4 : 0));
    if (out.value < 0) return fail(STIPEND_E_INVALID, "want 0 or more");
    if (share && out.value > 1'000'000) return fail(STIPEND_E_INVALID, "want at most 100 %");
    return {};
}

Result<Threshold> parse_one(std::string_view text) {
    Threshold out;
    out.text = std::string(text);
    const auto bad = [&](std::string_view why) {
        return fail(STIPEND_E_INVALID, "bad threshold: got \"", clip(text, 60), "\": ", why);
    };
    const auto at = text.find_first_of("<>");
    if (at == std::string_view::npos) return bad("want a name, < or >, and a value, such as p99<500ms");
    if (!named(out, text.substr(0, at))) {
        return bad("want p50, p90, p99, p999, max, service.p50 and so on, success, failed or a class such as timeout");
    }
    for (const auto& [sign, is] : signs) {
        if (!text.substr(at).starts_with(sign)) continue;
        out.is = is;
        if (const auto read = valued(out, text.substr(at + sign.size())); !read) return bad(read.error().message);
        return out;
    }
    return bad("want <, <=, > or >=");
}

bool holds(Threshold::Is is, uint128 got, uint128 want) {
    switch (is) {
        case Threshold::Is::below:
            return got < want;
        case Threshold::Is::at_most:
            return got <= want;
        case Threshold::Is::above:
            return got > want;
        case Threshold::Is::at_least:
            break;
    }
    return got >= want;
}

}  // namespace

Result<std::vector<Threshold>> parse_thresholds(std::string_view text) {
    std::vector<Threshold> out;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        auto one = text.substr(at, end - at);
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        STIPEND_LET(read, parse_one(one));
        out.push_back(std::move(read));
        if (out.size() > max_thresholds) {
            return fail(STIPEND_E_LIMIT, "got more than ", max_thresholds, " thresholds, want fewer");
        }
        at = end + 1;
    }
    return out;
}

Compared compare(const Threshold& threshold, const Totals& totals) {
    if (threshold.of == Threshold::Of::latency) {
        const auto& of = threshold.service ? totals.service : totals.corrected;
        const auto us = of.percentile(threshold.permille == 0 ? 1000 : threshold.permille);
        if (!us) return {"no job has a latency", false};
        return {scaled_text(*us, 3) + " ms",
                holds(threshold.is, static_cast<uint128>(*us), static_cast<uint128>(threshold.value))};
    }
    const auto count =
        threshold.failed ? totals.failed() : totals.by_outcome.at(static_cast<std::size_t>(threshold.outcome));
    if (threshold.of == Threshold::Of::count) {
        return {cat(count, " jobs"), holds(threshold.is, count, static_cast<uint128>(threshold.value))};
    }
    if (totals.planned == 0) return {"no job was planned", false};
    // Exact: a share is never rounded to the value that it is compared with.
    const auto held = holds(threshold.is, static_cast<uint128>(count) * 1'000'000,
                            static_cast<uint128>(threshold.value) * totals.planned);
    const auto ppm = static_cast<std::int64_t>(static_cast<uint128>(count) * 1'000'000 / totals.planned);
    return {scaled_text(ppm, 4) + " %", held};
}

}  // namespace stipend::jobs
