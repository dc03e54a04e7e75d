#include "host/api/demand_draft.hpp"

#include <algorithm>

#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"

namespace stipend::api {
namespace {

constexpr std::size_t max_rule_bytes = 40;
constexpr int rule_places = 6;

Result<std::int64_t> value_of(const DemandRuleMember& member, std::string_view text) {
    if (member.is_duration) return parse_duration(text);
    STIPEND_LET(number, Decimal::parse(text));
    return number.exact_scaled(rule_places);
}

Result<std::int64_t> rule_of(const DemandRuleMember& member, const Json& given) {
    const auto bad = [&](std::string_view got) {
        return fail(STIPEND_E_INVALID, "\"rules\": \"", member.name, "\": got ", got, ", want a text of ", member.least,
                    " to ", member.most, member.is_duration ? "" : ", of at most six decimals");
    };
    if (!given.is(Json::Kind::string)) return bad("no text");
    const auto shown = cat("\"", clip(given.text(), max_rule_bytes), "\"");
    if (given.text().size() > max_rule_bytes) return bad(shown);
    const auto value = value_of(member, given.text());
    if (!value) return bad(shown);
    STIPEND_LET(least, value_of(member, member.least));
    STIPEND_LET(most, value_of(member, member.most));
    return *value < least || *value > most ? Result<std::int64_t>(bad(shown)) : value;
}

}  // namespace

const std::vector<DemandRuleMember>& demand_rule_members() {
    static const std::vector<DemandRuleMember> members{
        {"target", "0", "1000000", &DemandDraft::target_ppm},
        {"every", "10s", "1d", &DemandDraft::every_ns, true},
        {"floor", "0.01", "1", &DemandDraft::floor_ppm},
        {"ceiling", "1", "100", &DemandDraft::ceiling_ppm},
        {"damping", "0.000001", "1", &DemandDraft::damping_ppm},
        {"largest_step_per_day", "0.000001", "100", &DemandDraft::step_ppm},
    };
    return members;
}

Result<DemandDraft> demand_draft_of(const Json* rules) {
    DemandDraft out;
    if (rules == nullptr || rules->is(Json::Kind::null)) return out;
    if (!rules->is(Json::Kind::object)) return fail(STIPEND_E_INVALID, "\"rules\": want an object, or null");
    out.recorded = false;
    const auto& members = demand_rule_members();
    for (const auto& [name, value] : rules->members()) {
        const auto found = std::ranges::find(members, name, &DemandRuleMember::name);
        if (found == members.end()) {
            return fail(STIPEND_E_INVALID, "\"rules\": unknown member \"", clip(name, 64), "\"");
        }
        STIPEND_SET(out.*(found->value), rule_of(*found, value));
    }
    return out;
}

}  // namespace stipend::api
