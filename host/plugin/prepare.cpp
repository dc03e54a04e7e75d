#include "host/plugin/prepare.hpp"

#include <cstddef>

#include "host/config/schema.hpp"
#include "stipend/record.hpp"

namespace stipend::plugin {
namespace {

// Checks against the schema that the plugin ships. False where something was reported.
bool fits_schema(const Chosen& chosen, const config::Tree& config, config::SourcePos pos, const std::string& path,
                 config::Diagnostics& diagnostics) {
    const auto& text = chosen.plugin->config_schema;
    const auto before = diagnostics.count();
    if (text.empty()) {
        if (config != nullptr && !config->children.empty()) {
            diagnostics.add(config->pos, path,
                            cat("got a configuration, want none: ", chosen.plugin->id, " takes no settings"));
        }
        return diagnostics.count() == before;
    }
    const auto schema = config::Schema::parse(text);
    if (!schema) {
        diagnostics.add(pos, path, cat("config schema of ", chosen.plugin->id, ": ", schema.error().message));
        return false;
    }
    config::check_plugin_config(*schema, config, pos, path, diagnostics);
    return diagnostics.count() == before;
}

}  // namespace

std::optional<Prepared> prepare(Loader& loader, const config::PluginRef& reference, const config::Tree& config,
                                const std::string& path, const char* kind, const stipend_terms& terms,
                                config::Diagnostics& diagnostics) {
    plugin::Reference wanted{reference.plugin, reference.id, reference.sha256, kind};
    if (reference.isolate == config::Isolate::process)
        wanted.process_memory = static_cast<std::uint64_t>(reference.memory_bytes);
    auto chosen = loader.load(wanted);
    if (!chosen) {
        diagnostics.add(reference.pos, path, chosen.error().message);
        return std::nullopt;
    }
    if (!chosen->plugin->has_kind(kind)) {
        diagnostics.add(reference.pos, path,
                        cat("got ", chosen->plugin->id, ", which offers ", chosen->plugin->kinds.front(),
                            ", want a plugin that offers ", kind));
        return std::nullopt;
    }
    if (!fits_schema(*chosen, config, reference.pos, path, diagnostics)) return std::nullopt;
    auto json = config::plugin_json(config);
    if (const auto tried = loader.try_config(*chosen, json, terms); !tried) {
        config::report_complaint(config, reference.pos, path, tried.error().path, tried.error().message, diagnostics);
        return std::nullopt;
    }
    return Prepared{*chosen, std::move(json)};
}

void check_target(const Prepared& monitor, const stipend_terms& terms, const PlannedTarget& target,
                  config::Diagnostics& diagnostics) {
    const auto& entry = *monitor.chosen.library->entry;
    if (entry.size < offsetof(stipend_entry, check_target) + sizeof entry.check_target) return;
    if (entry.check_target == nullptr) return;
    const auto attributes = target.options == nullptr ? std::string() : config::plugin_json(target.options);
    auto record = make_record<stipend_target>();
    record.target_id = to_abi(target.endpoint);
    record.endpoint = to_abi(target.endpoint);
    record.attributes_json = to_abi(attributes);
    auto error = empty_error();
    const auto status =
        entry.check_target(to_abi(monitor.chosen.plugin->id), to_abi(monitor.config_json), &terms, &record, &error);
    if (status == STIPEND_OK) return;
    const auto why = from_abi(status, &error);
    if (why.path.empty()) {
        diagnostics.add(target.pos, target.path, why.message);
    } else {
        config::report_complaint(target.options, target.pos,
                                 cat(target.path.substr(0, target.path.rfind('.')), ".options"), why.path, why.message,
                                 diagnostics);
    }
}

}  // namespace stipend::plugin
