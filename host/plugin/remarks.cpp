#include "host/plugin/remarks.hpp"

#include "host/config/plugin_config.hpp"
#include "host/config/schema.hpp"
#include "host/plugin/rules.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::plugin {
namespace {

// The place of the first object in a schema that lets unknown keys pass, such as "#/properties/tiers/items"; empty:
// none.
std::string open_object(const Json& schema, const std::string& place) {
    if (schema.is(Json::Kind::array)) {
        std::size_t at = 0;
        for (const auto& item : schema.items()) {
            if (auto found = open_object(item, cat(place, "/", at++)); !found.empty()) return found;
        }
        return {};
    }
    if (!schema.is(Json::Kind::object)) return {};
    const auto* type = schema.find("type");
    const auto* others = schema.find("additionalProperties");
    const bool is_object = schema.find("properties") != nullptr || (type != nullptr && type->text() == "object");
    // `true` is the other way to let them pass; a schema says what they may be.
    if (is_object && (others == nullptr || others->dump() == "true")) return place;
    for (const char* key : {"items", "additionalProperties", "anyOf", "oneOf"}) {
        if (const auto* inside = schema.find(key)) {
            if (auto found = open_object(*inside, cat(place, "/", key)); !found.empty()) return found;
        }
    }
    for (const char* key : {"properties", "patternProperties", "$defs"}) {
        const auto* inside = schema.find(key);
        if (inside == nullptr || !inside->is(Json::Kind::object)) continue;
        for (const auto& [name, value] : inside->members()) {
            if (auto found = open_object(value, cat(place, "/", key, "/", name)); !found.empty()) return found;
        }
    }
    return {};
}

}  // namespace

std::vector<Finding> remarks(const LibraryDescription& library, const std::filesystem::path& shown_as) {
    std::vector<Finding> out;
    for (const auto& plugin : library.plugins) {
        const auto label = cat(shown_as.native(), ": ", plugin.id);
        if (plugin.version.empty()) {
            out.push_back({rules::version, cat(label, ": got no version, want one such as 1.0.0")});
        }
        if (plugin.config_schema.empty()) continue;
        const auto schema = parse_json(plugin.config_schema);
        if (!schema) continue;
        if (const auto place = open_object(*schema, "#"); !place.empty()) {
            out.push_back({rules::closed, cat(label, ": config schema lets unknown keys pass at ", place,
                                              ": want \"additionalProperties\": false")});
        }
    }
    return out;
}

Result<bool> accepts_nothing(const Description& plugin, const std::filesystem::path& shown_as) {
    if (plugin.config_schema.empty()) return true;
    const auto schema = config::Schema::parse(plugin.config_schema);
    if (!schema) {
        return fail(STIPEND_E_INVALID, "plugin description: ", shown_as.native(), ": ", plugin.id, ": config ",
                    schema.error().message);
    }
    config::Diagnostics missing;
    config::check_plugin_config(*schema, nullptr, {}, "config", missing);
    return missing.empty();
}

}  // namespace stipend::plugin
