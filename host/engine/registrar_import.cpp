// Many registrations at once, by an administrator at this machine.
#include <set>

#include "host/engine/registrar.hpp"

namespace stipend::engine {
namespace {

constexpr std::size_t max_text_bytes = 2048;
constexpr std::size_t max_name_bytes = 128;

Result<registry::ImportEntry> import_entry(const Json& json, std::span<const IpRange> allowed) {
    if (!json.is(Json::Kind::object)) return fail(STIPEND_E_INVALID, "want an object");
    api::Request fields;
    fields.body = json;
    registry::ImportEntry out;
    auto& stated = out.stated;
    STIPEND_SET(stated.id, fields.text("orchestrator_id", max_text_bytes));
    STIPEND_SET(stated.endpoint, fields.text("endpoint", max_text_bytes));
    STIPEND_SET(stated.capabilities, fields.texts("capabilities", registry::max_capabilities, max_text_bytes, false));
    STIPEND_SET(stated.service_addresses,
                fields.texts("service_addresses", registry::max_service_addresses, max_text_bytes, false));
    STIPEND_SET(stated.payout_address, fields.text_or_none("eth_address", max_text_bytes));
    STIPEND_SET(stated.worker_key, fields.text_or_none("worker_key", max_text_bytes));
    STIPEND_SET(stated, registry::normalised(std::move(stated), allowed));
    const auto* approved = json.find("approved");
    if (approved != nullptr && !approved->is(Json::Kind::boolean)) {
        return fail(STIPEND_E_INVALID, "\"approved\": want true or false");
    }
    out.approved = approved != nullptr && approved->truth();
    return out;
}

bool flag_of(const Json& body, std::string_view name) {
    const auto* found = body.find(name);
    return found != nullptr && found->is(Json::Kind::boolean) && found->truth();
}

}  // namespace

Result<Json> Registrar::import(const Json& body) {
    const auto* list = body.find("entries");
    if (list == nullptr || !list->is(Json::Kind::array) || list->items().empty() ||
        list->items().size() > registry::RegistrationStore::max_import) {
        return fail(STIPEND_E_INVALID, "\"entries\": want a list of 1 to ", registry::RegistrationStore::max_import);
    }
    std::vector<registry::ImportEntry> entries;
    std::vector<std::string> faults(list->items().size());
    std::set<std::string> ids;
    bool good = true;
    const auto configured = parts_.configured();
    for (std::size_t at = 0; at < faults.size(); ++at) {
        auto entry = import_entry(list->items()[at], parts_.allowed);
        if (!entry) {
            faults[at] = entry.error().message;
        } else if (!ids.insert(entry->stated.id).second) {
            faults[at] = "\"orchestrator_id\": it is in the list twice, want it once";
        } else if (const auto what = configured ? configured->taken(entry->stated) : ""; !what.empty()) {
            faults[at] = cat("an orchestrator of the configuration has ", what, " already");
        }
        good = good && faults[at].empty();
        entries.push_back(entry ? std::move(*entry) : registry::ImportEntry());
    }
    const auto* by = body.find("by");
    const auto name = cat("local:", by == nullptr ? std::string_view() : clip(by->text(), max_name_bytes));
    // What is wrong with some is found beside what is wrong with the others, which are looked at only.
    STIPEND_LET(imported, parts_.store->import(entries, faults, name, flag_of(body, "update"),
                                               !good || flag_of(body, "dry_run"), parts_.clock->now()));
    auto rows = Json::array();
    for (std::size_t at = 0; at < imported.rows.size(); ++at) {
        const auto& row = imported.rows[at];
        auto one = Json::object()
                       .append("orchestrator_id", entries[at].stated.id)
                       .append("problem", row.why.empty() ? Json() : Json(row.why))
                       .append("effect", row.effect)
                       .append("state", registry::name_of(row.state));
        if (imported.applied && !row.secret.empty()) one.append("secret", row.secret);
        rows.push(std::move(one));
    }
    if (imported.applied) {
        parts_.log(cat("registration: ", imported.rows.size(), " imported, by ", name));
        if (imported.terms_changed) parts_.changed();
    }
    return Json::object().append("applied", imported.applied).append("registrations", std::move(rows));
}

}  // namespace stipend::engine
