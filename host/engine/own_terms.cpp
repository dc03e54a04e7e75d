#include "host/engine/own_terms.hpp"

#include <charconv>
#include <map>
#include <utility>

#include "host/base/keccak.hpp"
#include "stipend/hex.hpp"

namespace stipend::engine {
namespace {

struct Group {
    Json orchestrators = Json::array();
    bool registered = false;
};

bool lists(const Json& group, std::string_view orchestrator) {
    const auto* listed = group.find("orchestrators");
    if (listed == nullptr) return false;
    for (const auto& one : listed->items()) {
        if (one.text() == orchestrator) return true;
    }
    return false;
}

OwnTerms terms_in(const Json& group) {
    OwnTerms out;
    std::int64_t base = 0;
    if (const auto* member = group.find("base_usd_e8")) {
        const auto& text = member->text();
        std::from_chars(text.data(), text.data() + text.size(), base);
    }
    if (const auto* member = group.find("config")) out.config_json = member->text();
    out.base = Usd::of_e8(base);
    return out;
}

}  // namespace

std::string own_terms_members(const Generation& generation, const std::vector<registry::Payee>& payees,
                              const std::vector<PayeeTerms>& own, const std::set<std::string>& registered) {
    std::map<std::pair<Usd, std::uint32_t>, Group> groups;
    for (std::size_t at = 0; at < own.size() && at < payees.size(); ++at) {
        if (own[at] == generation.common) continue;
        auto& group = groups[{own[at].base, own[at].policy}];
        if (registered.contains(payees[at].key)) {
            group.registered = true;
        } else {
            group.orchestrators.push(payees[at].key);
        }
    }
    if (groups.empty()) return {};
    auto list = Json::array();
    for (auto& [terms, group] : groups) {
        list.push(Json::object()
                      .append("base_usd_e8", terms.first.count_e8())
                      .append("config", generation.policy_configs[terms.second])
                      .append("orchestrators", std::move(group.orchestrators))
                      .append("registered", group.registered));
    }
    auto text = list.dump();
    if (text.size() > max_own_terms_bytes) return cat(",\"own_keccak256\":\"", hex_encode(keccak256(text)), "\"");
    return cat(",\"own\":", text);
}

std::vector<OwnTerms> own_terms_of(const Json& terms, std::string_view orchestrator) {
    std::vector<OwnTerms> out;
    const auto* groups = terms.find("own");
    if (groups == nullptr) return out;
    for (const auto& group : groups->items()) {
        if (lists(group, orchestrator)) return {terms_in(group)};
        const auto* registered = group.find("registered");
        if (registered != nullptr && registered->truth()) out.push_back(terms_in(group));
    }
    return out;
}

}  // namespace stipend::engine
