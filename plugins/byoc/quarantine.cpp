#include "quarantine.hpp"

#include "livepeer/eth_key.hpp"
#include "livepeer/wire.hpp"
#include "livepeer/worker_answers.hpp"
#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/url.hpp"

namespace byoc {

using stipend::cat;
using stipend::Json;

namespace {

// A key of the host's store is short, and an address may be long.
std::string key_of(std::string_view address) {
    return "quarantine-" + stipend::hex_encode(stipend::keccak256(stipend::address_key(address))).substr(0, 32);
}

std::string alert_of(std::string_view address) {
    return cat("quarantine:", stipend::address_key(address));
}

std::int64_t number_of(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    const auto number = found == nullptr ? stipend::Decimal::parse("") : stipend::Decimal::parse(found->text());
    const auto value = number ? number->exact_scaled(0) : stipend::Result<std::int64_t>(0);
    return value ? *value : 0;
}

}  // namespace

void Quarantine::add(const std::string& address, const std::string& why) {
    const std::string bare(livepeer::without_slash(address));
    Entry entry{host_.now(), max_price_, why};
    auto json = Json::object();
    json.set("since", entry.since);
    json.set("max_price", static_cast<std::int64_t>(entry.max_price));
    json.set("why", why);
    if (const auto kept = host_.kv_put(key_of(bare), json.dump()); !kept) {
        host_.log(STIPEND_LOG_ERROR, cat("the quarantine of ", bare, " is not stored: ", kept.error().message));
    }
    if (known_.size() >= max_known) known_.clear();
    known_[stipend::address_key(address)] = std::move(entry);
    host_.raise_alert(alert_of(bare), STIPEND_ALERT_CRITICAL,
                      cat(bare, " is quarantined for ", stipend::duration_text(length_ns_), ": ", why,
                          "; no job is sent to it, and its checks fail"));
}

std::optional<Quarantine::Entry> Quarantine::stored(const std::string& address) const {
    const auto text = host_.kv_get(key_of(address));
    const auto json = text ? stipend::parse_json(*text, {.bytes = 65'536, .depth = 2, .nodes = 10})
                           : stipend::Result<Json>(stipend::Error(text.error()));
    if (!json || !json->is(Json::Kind::object)) return std::nullopt;
    const auto* why = json->find("why");
    return Entry{number_of(*json, "since"), static_cast<std::uint64_t>(number_of(*json, "max_price")),
                 why == nullptr ? std::string() : why->text()};
}

std::optional<std::string> Quarantine::refusal(const std::string& address) {
    const auto key = stipend::address_key(address);
    auto found = known_.find(key);
    if (found == known_.end()) {
        if (known_.size() >= max_known) known_.clear();
        found = known_.emplace(key, stored(address)).first;
    }
    const auto& entry = found->second;
    if (!entry) return std::nullopt;
    // A higher cap is the operator's consent to what was charged, as is a shorter quarantine.
    const bool over = entry->since + length_ns_ <= host_.now() || entry->max_price < max_price_;
    if (!over) {
        return cat("it is quarantined until ", livepeer::rfc3339_text(entry->since + length_ns_), ": ", entry->why);
    }
    host_.resolve_alert(alert_of(address));
    if (const auto gone = host_.kv_erase(key_of(address)); !gone) host_.log(STIPEND_LOG_WARN, gone.error().message);
    found->second.reset();
    return std::nullopt;
}

}  // namespace byoc
