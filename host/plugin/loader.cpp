#include "host/plugin/loader.hpp"

#include <algorithm>

#include "host/plugin/policy_instance.hpp"
#include "host/plugin/remarks.hpp"
#include "stipend/record.hpp"

namespace stipend::plugin {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t max_files_listed = 256;

// Terms for a plugin that is tried without a configuration of a host.
stipend_terms plain_terms() {
    return make_terms(60'000'000'000, 10'00000000);
}

Result<const Description*> choose(const LibraryDescription& library, const Reference& reference, const fs::path& file) {
    std::string ids;
    for (const auto& plugin : library.plugins) ids += (ids.empty() ? "" : ", ") + plugin.id;
    if (!reference.id.empty()) {
        if (const auto* found = library.find(reference.id)) return found;
        return fail(STIPEND_E_CONFIG, "no such plugin: ", file.native(), ": got id ", reference.id, ", want one of ",
                    ids);
    }
    if (library.plugins.size() == 1) return library.plugins.data();
    std::vector<const Description*> fitting;
    for (const auto& plugin : library.plugins) {
        if (!reference.kind.empty() && plugin.has_kind(reference.kind)) fitting.push_back(&plugin);
    }
    if (fitting.size() == 1) return fitting.front();
    return fail(STIPEND_E_CONFIG, "which plugin: ", file.native(), ": got no id, want one of ", ids);
}

}  // namespace

fs::path Loader::file_of(const std::string& plugin) const {
    if (plugin.ends_with(".so")) return plugin;
    return options_.folder / (plugin + ".so");
}

Result<std::pair<Staged, LibraryDescription>> Loader::inspect(const fs::path& file, const std::string& pin) {
    STIPEND_LET(staged, stage(file, options_.staging, pin));
    STIPEND_LET(description, probe(staged.copy, file, std::nullopt, options_.probe));
    auto noticed = remarks(description, file);
    noticed.insert(noticed.end(), description.warnings.begin(), description.warnings.end());
    for (auto& plugin : description.plugins) {
        STIPEND_LET(accepts, accepts_nothing(plugin, file));
        if (!accepts) continue;
        const auto tried = probe(staged.copy, file, ProbeConfig{plugin.id, "{}", plain_terms()}, options_.probe);
        // What the plugin misses in an empty configuration is not wrong with the plugin.
        if (!tried && tried.error().status == STIPEND_E_CONFIG) continue;
        if (!tried) return tried.error();
        plugin.tried = true;
        noticed.insert(noticed.end(), tried->warnings.begin(), tried->warnings.end());
    }
    description.warnings.clear();
    for (const auto& text : noticed) {
        const auto& known = description.warnings;
        if (std::find(known.begin(), known.end(), text) == known.end()) description.warnings.push_back(text);
    }
    return std::pair{staged, description};
}

Result<Chosen> Loader::load(const Reference& reference) {
    const auto file = file_of(reference.plugin);
    STIPEND_LET(staged, stage(file, options_.staging, reference.sha256));
    const std::lock_guard lock(mutex_);
    auto& slot = by_hash_[staged.sha256];
    if (!slot) {
        STIPEND_LET(probed, probe(staged.copy, file, std::nullopt, options_.probe));
        note(probed.warnings);
        note(remarks(probed, file));
        STIPEND_LET(library, Library::open(staged.copy, file));
        STIPEND_LET(description, describe(*library.entry(), file));
        STIPEND_TRY(init_library(*library.entry(), file));
        slot = std::make_shared<Loaded>(Loaded{staged, std::move(description), library.entry()});
    }
    STIPEND_LET(plugin, choose(slot->description, reference, file));
    return Chosen{slot, plugin};
}

Result<void> Loader::try_config(const Chosen& chosen, const std::string& config_json, const stipend_terms& terms) {
    const auto& staged = chosen.library->staged;
    STIPEND_LET(probed,
                probe(staged.copy, staged.source, ProbeConfig{chosen.plugin->id, config_json, terms}, options_.probe));
    note(probed.warnings);
    return {};
}

void Loader::note(const std::vector<std::string>& warnings) {
    const std::lock_guard lock(warnings_mutex_);
    warnings_.insert(warnings.begin(), warnings.end());
}

std::vector<std::string> Loader::take_warnings() {
    const std::lock_guard lock(warnings_mutex_);
    std::vector<std::string> out(warnings_.begin(), warnings_.end());
    warnings_.clear();
    return out;
}

Result<std::vector<Loader::Listed>> Loader::list() {
    std::error_code ec;
    std::vector<fs::path> files;
    for (const auto& item : fs::directory_iterator(options_.folder, ec)) {
        if (item.path().extension() == ".so") files.push_back(item.path());
        if (files.size() > max_files_listed) {
            return fail(STIPEND_E_LIMIT, "too many plugins: ", options_.folder.native(), ": got more than ",
                        max_files_listed);
        }
    }
    if (ec) return fail(STIPEND_E_UNAVAILABLE, "cannot list plugins: ", options_.folder.native(), ": ", ec.message());
    std::sort(files.begin(), files.end());
    std::vector<Listed> out;
    out.reserve(files.size());
    for (const auto& file : files) out.push_back({file, inspect(file)});
    return out;
}

Result<void> check_unique_ids(const std::vector<Chosen>& active) {
    std::map<std::string, const Loaded*> owners;
    for (const auto& chosen : active) {
        const auto [at, fresh] = owners.emplace(chosen.plugin->id, chosen.library.get());
        if (!fresh && at->second != chosen.library.get()) {
            return fail(STIPEND_E_CONFLICT, "two plugins with one id: ", chosen.plugin->id, ": got ",
                        at->second->staged.source.native(), " and ", chosen.library->staged.source.native(),
                        ", want one of them");
        }
    }
    return {};
}

}  // namespace stipend::plugin
