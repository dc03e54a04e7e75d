#include "host/plugin/loader.hpp"

#include <algorithm>

#include "host/base/file.hpp"
#include "host/base/sha256.hpp"
#include "host/plugin/calls.hpp"
#include "host/plugin/isolated/proxy.hpp"
#include "host/plugin/policy_instance.hpp"
#include "host/plugin/remarks.hpp"
#include "host/plugin/settled.hpp"
#include "host/plugin/stand_in.hpp"
#include "stipend/record.hpp"

namespace stipend::plugin {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t max_files_listed = 256;
constexpr int max_settle_attempts = 3;
constexpr std::size_t max_served = 16;         // versions of a file that are remembered
constexpr const char* served_name = "served";  // beside the copies: hashes of those that were in force, newest last

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
    STIPEND_LET(staged, stage(file, options_.staging, pin, options_.trust));
    STIPEND_LET(description, probe(staged.copy, file, std::nullopt, options_.probe));
    std::vector<std::string> noticed;
    for (const auto& remark : remarks(description, file)) noticed.push_back(remark.text);
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
    const auto staged = stage_settled(file, reference.sha256);
    const Wanted wanted{.pinned = !reference.sha256.empty(), .isolated = reference.process_memory.has_value()};
    const std::lock_guard lock(mutex_);
    STIPEND_LET(library, serving_for(file, staged, wanted));
    STIPEND_LET(plugin, choose(library->description, reference, file));
    Chosen out{.library = library, .plugin = plugin};
    if (wanted.isolated)
        out.isolation = Isolation{.program = options_.process_program, .memory_bytes = *reference.process_memory};
    return out;
}

Result<std::shared_ptr<const Loaded>> Loader::serving_for(const fs::path& file, const Result<Staged>& staged,
                                                          Wanted wanted) {
    if (staged && options_.put_aside.contains(staged->sha256)) return instead_of(*staged, wanted);
    // A file in whose place an earlier version serves already hinders no other change of the configuration.
    const auto met = met_.find(file);
    const bool served_before =
        staged && met != met_.end() && !met->second.why.empty() && met->second.sha256 == staged->sha256;
    met_.erase(file);
    auto library = staged ? map(*staged, wanted.isolated) : Result<std::shared_ptr<const Loaded>>(staged.error());
    std::error_code ec;
    if (library || !(fall_back_ || served_before) || wanted.pinned || !fs::exists(file, ec)) return library;
    auto earlier = last_served(file, wanted.isolated);
    if (!earlier) return library;
    met_[file] = {.file = file,
                  .sha256 = staged ? staged->sha256 : "",
                  .serving = earlier->staged.sha256,
                  .why = library.error().message};
    if (served_before) {
        note({cat(file.native(), " is refused as before: ", library.error().message, ": the version with sha256 ",
                  earlier->staged.sha256, " goes on serving")});
    }
    return earlier;
}

// What is staged has the hash that the file had when it was finished: what is written meanwhile is not in it.
Result<Staged> Loader::stage_settled(const fs::path& file, const std::string& pin) const {
    if (options_.settle_ns == 0) return stage(file, options_.staging, pin, options_.trust);
    for (int attempt = 0; attempt < max_settle_attempts; ++attempt) {
        STIPEND_LET(settled, await_settled(file, options_.settle_ns, options_.settle_patience_ns));
        STIPEND_LET(staged, stage(file, options_.staging, pin, options_.trust));
        if (settled.empty() || staged.sha256 == settled) return staged;
    }
    return fail(STIPEND_E_BUSY, "plugin file is not finished: ", file.native(), ": it changes again and again");
}

ProbeOptions Loader::probe_options(bool isolated) const {
    auto out = options_.probe;
    out.sandboxed = isolated;
    return out;
}

Result<std::shared_ptr<const Loaded>> Loader::map(const Staged& staged, bool isolated) {
    auto& slot = by_hash_[{staged.sha256, isolated}];
    if (slot && slot->staged.source == staged.source) return slot;
    // The same bytes under another name: the code that is mapped already, with the file where it is now.
    if (slot) {
        return std::make_shared<const Loaded>(
            Loaded{staged, slot->description, slot->entry, slot->put_aside, slot->isolated});
    }
    STIPEND_LET(probed, probe(staged.copy, staged.source, std::nullopt, probe_options(isolated)));
    note(probed.warnings);
    for (const auto& remark : remarks(probed, staged.source)) note({remark.text});
    if (isolated) {
        const std::shared_ptr<const stipend_entry> entry = isolated::make_entry();
        slot = std::make_shared<Loaded>(Loaded{staged, std::move(probed), entry.get(), false, entry});
        return slot;
    }
    STIPEND_SET(slot, map_here(staged));
    return slot;
}

Result<std::shared_ptr<const Loaded>> Loader::map_here(const Staged& staged) {
    STIPEND_LET(library, Library::open(staged.copy, staged.source));
    STIPEND_LET(description, describe(*library.entry(), staged.source));
    std::string ids;
    for (const auto& plugin : description.plugins) ids += (ids.empty() ? "" : ", ") + plugin.id;
    note_library(*library.entry(), staged.source, staged.sha256, ids);
    const auto& owner = make_call_owner(*library.entry(), staged.source, "", ids);
    {
        const CallScope scope(&owner, "init");
        STIPEND_TRY(init_library(*library.entry(), staged.source));
    }
    return std::make_shared<const Loaded>(Loaded{staged, std::move(description), library.entry()});
}

// A pin names the bytes that the operator wants: then no others serve.
Result<std::shared_ptr<const Loaded>> Loader::instead_of(const Staged& staged, Wanted wanted) {
    auto& met = met_[staged.source];
    met = {.file = staged.source, .sha256 = staged.sha256, .serving = {}};
    if (auto earlier = wanted.pinned ? nullptr : last_served(staged.source, wanted.isolated)) {
        met.serving = earlier->staged.sha256;
        return earlier;
    }
    auto& slot = by_hash_[{staged.sha256, wanted.isolated}];
    if (slot) return slot;
    STIPEND_LET(probed, probe(staged.copy, staged.source, std::nullopt, probe_options(wanted.isolated)));
    slot = std::make_shared<Loaded>(Loaded{staged, std::move(probed), &stand_in_entry(), true});
    return slot;
}

std::shared_ptr<const Loaded> Loader::last_served(const fs::path& file, bool isolated) {
    const auto copies = options_.staging / file.stem();
    const auto hashes = served(copies);
    for (auto hash = hashes.rbegin(); hash != hashes.rend(); ++hash) {
        if (options_.put_aside.contains(*hash)) continue;
        const auto copy = copies / (*hash + ".so");
        const auto bytes = read_file(copy, max_library_bytes);
        if (!bytes || sha256_hex(*bytes) != *hash) continue;
        const auto trusted = check_trust(copy, *bytes, options_.trust);
        if (!trusted) continue;
        if (auto library =
                map({.source = file, .copy = copy, .sha256 = *hash, .signed_by = trusted->key_id}, isolated)) {
            return *library;
        }
    }
    return nullptr;
}

std::vector<PutAside> Loader::put_aside() {
    std::vector<PutAside> out;
    const std::lock_guard lock(mutex_);
    for (const auto& [file, one] : met_) out.push_back(one);
    return out;
}

std::vector<std::string> Loader::served(const fs::path& copies) const {
    std::vector<std::string> out;
    const auto text = read_file(copies / served_name, max_served * 65);
    if (!text) return out;
    for (std::size_t from = 0; from + 64 < text->size() && (*text)[from + 64] == '\n'; from += 65)
        out.push_back(text->substr(from, 64));
    return out;
}

Result<void> Loader::note_served(const Staged& staged) const {
    auto hashes = served(staged.copy.parent_path());
    if (!hashes.empty() && hashes.back() == staged.sha256) return {};
    std::erase(hashes, staged.sha256);
    hashes.push_back(staged.sha256);
    if (hashes.size() > max_served) hashes.erase(hashes.begin());
    std::string text;
    for (const auto& hash : hashes) text += hash + "\n";
    return write_file_atomically(staged.copy.parent_path() / served_name, text, 0600);
}

// A copy that is removed while it is mapped stays mapped; a file that comes back is copied again.
void Loader::remove_unused_copies(const std::vector<fs::path>& in_force,
                                  const std::vector<std::string>& referred) const {
    std::error_code ec;
    for (const auto& folder : fs::directory_iterator(options_.staging, ec)) {
        std::set<fs::path> kept(in_force.begin(), in_force.end());
        kept.insert(folder.path() / served_name);
        for (const auto& hash : served(folder.path())) kept.insert(folder.path() / (hash + ".so"));
        for (const auto& hash : referred) kept.insert(folder.path() / (hash + ".so"));
        std::error_code none;
        for (const auto& item : fs::directory_iterator(folder.path(), none)) {
            const bool is_signature = item.path().extension() == signature_suffix;
            const auto copy = is_signature ? fs::path(item.path()).replace_extension() : item.path();
            if (!kept.contains(copy)) fs::remove(item.path(), none);
        }
        fs::remove(folder.path(), none);  // where it is empty
    }
}

Result<void> Loader::try_config(const Chosen& chosen, const std::string& config_json, const stipend_terms& terms) {
    const auto& staged = chosen.library->staged;
    if (chosen.library->put_aside) return {};  // its code is not asked
    STIPEND_LET(probed, probe(staged.copy, staged.source, ProbeConfig{chosen.plugin->id, config_json, terms},
                              probe_options(chosen.isolation.has_value())));
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
        // The same bytes may serve in the host and in processes of their own.
        const bool same = !fresh && at->second->staged.sha256 == chosen.library->staged.sha256;
        if (!fresh && !same && at->second->entry != chosen.library->entry) {
            return fail(STIPEND_E_CONFLICT, "two plugins with one id: ", chosen.plugin->id, ": got ",
                        at->second->staged.source.native(), " and ", chosen.library->staged.source.native(),
                        ", want one of them");
        }
    }
    return {};
}

}  // namespace stipend::plugin
