#include "tier_table.hpp"

#include <algorithm>
#include <optional>

namespace payment {

using stipend::ConfigView;
using stipend::ppm_to_percent;
using stipend::Result;
using stipend::uint128;

namespace {

struct Entry {
    Tier tier;
    std::optional<std::uint32_t> end_ppm;  // the lowest uptime above the tier, if its upper edge is given
    ConfigView config;
};

// The lowest uptime that an edge admits. Uptime is in whole parts per million, so "above 95" begins at 950001.
Result<std::uint32_t> edge(const ConfigView& config, bool included) {
    auto ppm = config.percent();
    if (ppm && !included) *ppm += 1;
    return ppm;
}

Result<Entry> parse_entry(const ConfigView& config) {
    Entry entry{.tier = {}, .end_ppm = {}, .config = config};
    STIPEND_LET(name, config.at("tier").string());
    if (name.empty() || name.size() > 31 ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != std::string::npos) {
        return config.at("tier").refuse("got \"", name.substr(0, 60),
                                        "\", want a name of 1 to 31 characters a-z, 0-9, - and _");
    }
    entry.tier.name = name;
    const auto above = config.at("above");
    const auto at_least = config.at("at_least");
    if (above.present() == at_least.present()) {
        return config.refuse("tier \"", name, "\": want exactly one of `above` and `at_least` for its lower edge");
    }
    STIPEND_SET(entry.tier.from_ppm, above.present() ? edge(above, false) : edge(at_least, true));
    const auto below = config.at("below");
    const auto at_most = config.at("at_most");
    if (below.present() && at_most.present()) {
        return config.refuse("tier \"", name, "\": want at most one of `below` and `at_most` for its upper edge");
    }
    if (below.present() || at_most.present()) {
        STIPEND_SET(entry.end_ppm, below.present() ? edge(below, true) : edge(at_most, false));
    }
    STIPEND_LET(multiplier, config.at("multiplier").scaled(6, 0, max_multiplier));
    entry.tier.multiplier_ppm = static_cast<std::uint32_t>(multiplier);
    if (config.at("delay").present()) {
        STIPEND_SET(entry.tier.delay_ns, config.at("delay").duration(0, max_delay_ns));
    }
    if (config.at("counts_as_failure").present()) {
        STIPEND_SET(entry.tier.counts_as_failure, config.at("counts_as_failure").boolean());
    }
    return entry;
}

// The edges must meet: `end` is the lower edge of the tier above, or one beyond 100 % for the best tier.
Result<void> check_edges(const Entry& entry, std::uint32_t end, const std::string& above) {
    const auto& tier = entry.tier;
    if (tier.from_ppm >= end) {
        return entry.config.refuse("tier \"", tier.name, "\" is unreachable: every uptime from ",
                                   ppm_to_percent(tier.from_ppm), " % is in ", above);
    }
    if (!entry.end_ppm || *entry.end_ppm == end) return {};
    const bool gap = *entry.end_ppm < end;
    return entry.config.refuse(gap ? "gap" : "overlap", " between tier \"", tier.name, "\", which ends below ",
                               ppm_to_percent(*entry.end_ppm), " %, and ", above, ", which begins at ",
                               ppm_to_percent(end), " %");
}

// Pay per minute must not decrease with rising uptime. Compares exact products, without a division.
Result<void> check_rising(const Entry& better, const Entry& worse, std::int64_t interval_ns) {
    const auto rate = [&](const Entry& paid, const Entry& other) {
        return static_cast<uint128>(paid.tier.multiplier_ppm) * static_cast<uint128>(interval_ns + other.tier.delay_ns);
    };
    if (rate(better, worse) >= rate(worse, better)) return {};
    return better.config.refuse("tier \"", better.tier.name, "\" pays less per minute than the lower tier \"",
                                worse.tier.name, "\"; set `allow_falling_pay: true` if that is meant");
}

}  // namespace

Result<TierTable> TierTable::parse(const ConfigView& config, std::int64_t interval_ns, bool allow_falling_pay) {
    std::vector<Entry> entries;
    for (const auto& item : config.items()) {
        STIPEND_LET(entry, parse_entry(item));
        for (const auto& other : entries) {
            if (other.tier.name == entry.tier.name) return item.refuse("tier \"", entry.tier.name, "\" is there twice");
        }
        entries.push_back(std::move(entry));
        if (entries.size() > max_tiers) return config.refuse("more than ", max_tiers, " tiers");
    }
    if (entries.empty()) return config.refuse("an empty tier table, want at least one tier");
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.tier.from_ppm > b.tier.from_ppm; });
    std::uint32_t end = stipend::ppm_one + 1;
    std::string above = "nothing: 100 % is the most";
    TierTable table;
    for (std::size_t at = 0; at < entries.size(); ++at) {
        STIPEND_TRY(check_edges(entries[at], end, above));
        if (at > 0 && !allow_falling_pay) STIPEND_TRY(check_rising(entries[at - 1], entries[at], interval_ns));
        end = entries[at].tier.from_ppm;
        above = stipend::cat("tier \"", entries[at].tier.name, "\"");
        table.tiers_.push_back(entries[at].tier);
    }
    if (end != 0) {
        return config.refuse("gap: no tier holds an uptime below ", ppm_to_percent(end), " %; the lowest is ", above);
    }
    if (table.tiers_.back().multiplier_ppm != 0) {
        return entries.back().config.refuse("tier \"", table.tiers_.back().name,
                                            "\" holds 0 % and so a failed job: want multiplier 0");
    }
    return table;
}

}  // namespace payment
