#include "tests/devnet/capability.hpp"

#include <algorithm>
#include <limits>

#include "tests/devnet/gojson.hpp"

namespace stipend::devnet {
namespace {

constexpr std::int64_t wei_in_eth = 1'000'000'000'000'000'000;

std::string lowered(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

// units / scaling, clamped to what an int64 of wei holds.
FineWei exact_price(std::int64_t units, std::int64_t scaling, std::int64_t wei_per_unit) {
    const __int128 total = static_cast<__int128>(units) * wei_per_unit;
    const __int128 high = std::numeric_limits<std::int64_t>::max();
    const auto whole = std::clamp(total / scaling, -high, high);
    return whole * fine_per_wei + total % scaling * fine_per_wei / scaling;
}

Registration refused(Error error) {
    return {.outcome = Registration::Outcome::refused, .error = std::move(error.message)};
}

}  // namespace

Registration parse_registration(std::string_view text, std::int64_t usd_per_eth) {
    auto json = parse_go_json(text);
    if (!json) return refused(std::move(json).error());
    Capability out;
    std::string currency;
    std::string description;
    std::int64_t units = 0;
    std::int64_t scaling = 0;
    if (json->kind != GoValue::Kind::null) {
        if (json->kind != GoValue::Kind::object) return refused(go_value_mismatch(*json, "core.ExternalCapability"));
        GoFields fields(*json, "ExternalCapability");
        fields.string("name", out.name);
        fields.string("description", description);
        fields.string("url", out.url);
        fields.string("token", out.token);
        fields.string("currency", currency);
        fields.integer("capacity", "int", out.capacity);
        fields.integer("price_per_unit", "int64", units);
        fields.integer("price_scaling", "int64", scaling);
        if (auto done = fields.finish(); !done) return refused(std::move(done).error());
    }
    currency = lowered(std::move(currency));
    std::int64_t wei_per_unit = 1;
    if (currency == "eth") {
        wei_per_unit = wei_in_eth;
    } else if (currency == "usd" && usd_per_eth > 0) {
        wei_per_unit = wei_in_eth / usd_per_eth;
    } else if (!currency.empty() && currency != "wei") {
        return {.outcome = Registration::Outcome::panic};
    }
    out.price = exact_price(units, scaling == 0 ? 1 : scaling, wei_per_unit);
    return {.capability = std::move(out)};
}

bool CapabilityTable::add(Capability capability) {
    if (entries_.size() >= max_entries && entries_.find(capability.name) == entries_.end()) return false;
    capability.load = 0;
    auto name = capability.name;
    entries_.insert_or_assign(std::move(name), std::move(capability));
    return true;
}

void CapabilityTable::remove(std::string_view name) {
    if (const auto found = entries_.find(name); found != entries_.end()) entries_.erase(found);
}

const Capability* CapabilityTable::find(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second;
}

std::int64_t CapabilityTable::available(std::string_view name) const {
    const auto* entry = find(name);
    return entry == nullptr ? 0 : entry->capacity - entry->load;
}

bool CapabilityTable::reserve(std::string_view name) {
    const auto found = entries_.find(name);
    if (found == entries_.end()) return false;
    ++found->second.load;
    return true;
}

void CapabilityTable::hold(std::int64_t slots) {
    for (auto& [name, entry] : entries_) entry.load += slots;
}

void CapabilityTable::release(std::string_view name) {
    if (const auto found = entries_.find(name); found != entries_.end()) --found->second.load;
}

}  // namespace stipend::devnet
