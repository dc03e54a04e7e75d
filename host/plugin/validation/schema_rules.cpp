#include "host/plugin/validation/schema_rules.hpp"

#include "host/plugin/remarks.hpp"
#include "host/plugin/rules.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::plugin {
namespace {

constexpr std::size_t most_shown = 100;

// Examples and defaults of a part, and of all parts inside it, that are not valid by it.
void check_examples(const Json& root, const Json& part, const std::string& place, const std::string& label,
                    std::vector<Finding>& out) {
    if (!part.is(Json::Kind::object) || out.size() > 20) return;
    const auto look = [&](const char* keyword, const Json& value) {
        if (fits_part(root, part, value)) return;
        out.push_back({rules::examples, cat(label, ": ", place, "/", keyword, ": got ", clip(value.dump(), most_shown),
                                            ", want a value that fits the schema there")});
    };
    if (const auto* value = part.find("default")) look("default", *value);
    if (const auto* values = part.find("examples")) {
        for (const auto& value : values->items()) look("examples", value);
    }
    for (const auto* keyword : {"properties", "$defs", "patternProperties"}) {
        const auto* inside = part.find(keyword);
        if (inside == nullptr) continue;
        for (const auto& [name, child] : inside->members()) {
            check_examples(root, child, cat(place, "/", keyword, "/", name), label, out);
        }
    }
    if (const auto* items = part.find("items")) check_examples(root, *items, cat(place, "/items"), label, out);
}

}  // namespace

SchemaFindings look_at_schema(const Description& plugin, const std::filesystem::path& shown_as,
                              const std::optional<Json>& base, std::uint64_t seed) {
    SchemaFindings out;
    LibraryDescription library;
    library.plugins.push_back(plugin);
    out.broken = remarks(library, shown_as);
    const auto label = cat(shown_as.native(), ": ", plugin.id);
    if (plugin.config_schema.empty()) {
        out.drawn.plain.push_back(Json::object());
        out.drawn.valid.push_back(Json::object());
        return out;
    }
    const auto json = parse_json(plugin.config_schema);
    auto schema = json ? config::Schema::compile(*json) : Result<config::Schema>(json.error());
    if (!schema) {
        out.broken.push_back({rules::schema, cat(label, ": config ", schema.error().message)});
        return out;
    }
    check_examples(*json, *json, "#", label, out.broken);
    out.drawn = draw_configs(*json, *schema, base, seed);
    for (const auto& [what, config] : out.drawn.invalid) {
        if (!schema->check(config::from_json(config)).empty()) continue;
        out.broken.push_back({rules::refuses, cat(label, ": got a configuration with ", what, " accepted: ",
                                                  clip(config.dump(), most_shown), ", want it refused")});
    }
    return out;
}

}  // namespace stipend::plugin
