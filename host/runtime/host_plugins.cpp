// The host and its plugins' files: what ended it before, what is put aside, what was written meanwhile.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "host/base/file.hpp"
#include "host/base/time.hpp"
#include "host/plugin/isolated/keeper.hpp"
#include "host/plugin/last_words.hpp"
#include "host/runtime/host.hpp"
#include "stipend/duration.hpp"

namespace stipend::runtime {
namespace {

constexpr const char* ends_name = "plugin-ends";     // in the state folder: ends of the host in a plugin's code
constexpr const char* put_aside_name = "put-aside";  // beside it: hashes of files that are not mapped any more
constexpr const char* alert_source = "plugins";
constexpr std::string_view aside_prefix = "put-aside:";
constexpr std::size_t max_why_bytes = 1000;
constexpr std::int64_t config_quiet_ns = ns_per_s;
constexpr std::int64_t config_patience_ns = 10 * ns_per_s;

// Those of the instances with `isolate: process`, retired ones included.
Json processes_json() {
    auto out = Json::array();
    for (const auto& one : plugin::isolated::process_states()) {
        out.push(Json::object()
                     .append("instance", one.instance)
                     .append("plugin", one.plugin)
                     .append("pid", static_cast<std::int64_t>(one.pid))
                     .append("restarts", one.restarts)
                     .append("last_end", one.last_end)
                     .append("confined", one.confined));
    }
    return out;
}

}  // namespace

// What ended the host the last times, and what is put aside for it.
Result<void> Host::read_plugin_ends(const config::Settings& settings) {
    const std::filesystem::path folder = state_folder_ = settings.state;
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return fail(STIPEND_E_CONFIG, "cannot use the state folder: ", folder.native(), ": ", failed.message());
    const auto ends = plugin::read_plugin_ends(folder / ends_name);
    if (!ends.empty()) {
        const auto& last = ends.back();
        log_.warn(cat("plugin ", last.plugin, " ended the host at ", utc_text(last.at_s * ns_per_s), " in ", last.call,
                      ": got ", last.cause, "; file ", last.file, ", sha256 ", last.sha256));
    }
    STIPEND_LET(aside, plugin::update_put_aside(folder / put_aside_name, ends));
    loader_.set_put_aside(std::move(aside));
    // Without it a crash has no name, which is no reason not to start.
    if (const auto named = plugin::name_the_cause_of_an_end(folder / ends_name); !named)
        log_.warn(named.error().message);
    return {};
}

void Host::note_applied(const NamedPlugins& chosen, ledger::GenerationId generation) {
    std::vector<Serving> serving;
    {
        const std::lock_guard lock(serving_mutex_);
        for (const auto& [key, one] : chosen) {
            const auto before =
                std::find_if(serving_.begin(), serving_.end(), [&key = key, &one = one](const auto& old) {
                    return old.key == key && old.chosen.plugin->id == one.plugin->id &&
                           old.chosen.library->staged.sha256 == one.library->staged.sha256;
                });
            serving.push_back(before != serving_.end() ? Serving{key, one, before->generation, before->since}
                                                       : Serving{key, one, generation, now()});
        }
        serving_ = std::move(serving);
    }
    for (const auto& [key, one] : chosen) {
        const auto& staged = one.library->staged;
        // A newer file than the one that was noticed last: what it is compared with is what was read of it.
        if (const auto seen = on_disk_.find(staged.source); seen != on_disk_.end()) seen->second = staged.sha256;
        if (one.library->put_aside) continue;
        if (const auto noted = loader_.note_served(staged); !noted) log_.warn(noted.error().message);
    }
    report_put_aside();
    remove_unused_copies();
}

void Host::remove_unused_copies() {
    const auto referred = role_->recorded_code(state_folder_);
    if (!referred) {
        log_.warn(cat("private copies of plugins are not cleared: ", referred.error().message));
        return;
    }
    std::vector<std::filesystem::path> in_force;
    {
        const std::lock_guard lock(serving_mutex_);
        for (const auto& one : serving_) in_force.push_back(one.chosen.library->staged.copy);
    }
    loader_.remove_unused_copies(in_force, *referred);
}

void Host::report_put_aside() {
    std::map<std::string, std::string> texts;  // of each name, since two folders may have files of one name
    for (const auto& one : loader_.put_aside()) {
        const auto serving = one.serving.empty()
                                 ? std::string("nothing serves in its place, so what depends on it is held")
                                 : "the version before serves, sha256 " + one.serving;
        auto& text = texts[cat(aside_prefix, one.file.stem().native())];
        if (!text.empty()) text += "; ";
        if (!one.why.empty()) {
            text += cat(one.file.native(), " is refused: ", one.why, ": ", serving,
                        ". Put a build that is taken in its place");
            continue;
        }
        text += cat(one.file.native(), " with sha256 ", one.sha256,
                    " ended the host twice in a row and is put aside: ", serving,
                    ". Put another build in its place; to try the same again, delete ",
                    (state_folder_ / put_aside_name).native(), " and restart");
    }
    std::vector<std::string> over;
    for (const auto& [id, text] : plugin_alerts_) {
        if (id.starts_with(aside_prefix) && !texts.contains(id)) over.push_back(id);
    }
    for (const auto& id : over) resolve_about_plugins(id);
    for (const auto& [id, text] : texts) raise_about_plugins(id, text);
}

void Host::raise_about_plugins(const std::string& id, const std::string& text) {
    auto& raised = plugin_alerts_[id];
    if (raised == text) return;
    auto* alerts = role_->alerts();
    if (alerts == nullptr) log_.error(text);
    if (alerts != nullptr && !raised.empty()) alerts->resolve_for(alert_source, id);
    if (alerts != nullptr) alerts->raise_for(alert_source, id, STIPEND_ALERT_CRITICAL, text);
    raised = text;
}

void Host::resolve_about_plugins(const std::string& id) {
    if (plugin_alerts_.erase(id) == 0) return;
    if (auto* alerts = role_->alerts()) alerts->resolve_for(alert_source, id);
}

void Host::forget_plugin_ends() {
    std::error_code none;
    std::filesystem::resize_file(state_folder_ / ends_name, 0, none);
}

// Every file that the configuration names, wherever it lies. Others are listed, and run once the configuration names
// them.
void Host::watch_files() {
    if (!file_watch_) return;
    std::set<std::filesystem::path> files;
    for (const auto& plugin : plugins_) {
        const auto file = loader_.file_of(plugin);
        files.insert(file);
        if (!options_.loader.trust.empty()) files.insert(plugin::signature_of(file));
    }
    if (settings_.watch == config::Watch::on) files.insert(options_.config_file);
    if (settings_.watch == config::Watch::on && source_.tables) files.insert(source_.tables->file);
    file_watch_->watch(std::move(files));
}

void Host::file_changed(const std::filesystem::path& file) {
    if (file == options_.config_file) {
        const auto hash = plugin::await_settled(file, config_quiet_ns, config_patience_ns);
        if (!hash) return file_watch_->look_again(file);
        const auto text = read_file(file, max_config_bytes);
        if (!text || *text == *source_.text) return;
        log_.info("the configuration " + file.native() + " was written");
        reload({});
        return;
    }
    if (source_.tables && file == source_.tables->file) return tables_written();
    // What it signs is looked at anew: it was refused without it, or serves already.
    if (file.extension() == plugin::signature_suffix)
        return file_changed(std::filesystem::path(file).replace_extension());
    const auto& options = options_.loader;
    const auto hash = plugin::await_settled(file, options.settle_ns, options.settle_patience_ns);
    if (!hash) {
        compare_with_disk(hash.error().message);
        return file_watch_->look_again(file);
    }
    on_disk_[file] = *hash;
    std::error_code none;
    if (hash->empty() && !std::filesystem::exists(file, none)) {
        log_.error("the plugin file " + file.native() + " is gone: what serves stays in force");
        return compare_with_disk("there is no file");
    }
    if (serves(file, *hash)) return compare_with_disk({});
    log_.info(cat("the plugin file ", file.native(),
                  hash->empty() ? " was replaced by what is no file" : " was written: sha256 " + *hash));
    reload({});
}

bool Host::serves(const std::filesystem::path& file, const std::string& sha256) {
    const std::lock_guard lock(serving_mutex_);
    return std::any_of(serving_.begin(), serving_.end(), [&](const Serving& one) {
        const auto& staged = one.chosen.library->staged;
        return staged.source == file && staged.sha256 == sha256;
    });
}

void Host::compare_with_disk(const std::string& why) {
    std::set<std::filesystem::path> aside;
    for (const auto& one : loader_.put_aside()) aside.insert(one.file);
    std::map<std::string, std::string> texts;  // by name, since two folders may have files of one name
    for (const auto& [file, hash] : on_disk_) {
        auto& text = texts[cat("differs:", file.stem().native())];
        const bool named =
            std::any_of(plugins_.begin(), plugins_.end(),
                        [&file = file, this](const std::string& plugin) { return loader_.file_of(plugin) == file; });
        if (!named || aside.contains(file) || serves(file, hash)) continue;
        text += cat(text.empty() ? "" : "; ", file.native(), hash.empty() ? std::string() : " with sha256 " + hash,
                    " is not what serves: ", clip(why, max_why_bytes));
    }
    for (const auto& [id, text] : texts) {
        text.empty() ? resolve_about_plugins(id) : raise_about_plugins(id, text);
    }
}

Json Host::plugins_json() {
    auto plugins = Json::array();
    const std::lock_guard lock(serving_mutex_);
    for (const auto& one : serving_) {
        const auto& library = *one.chosen.library;
        plugins.push(Json::object()
                         .append("for", one.key)
                         .append("id", one.chosen.plugin->id)
                         .append("version", one.chosen.plugin->version)
                         .append("sha256", library.staged.sha256)
                         .append("file", library.staged.source.native())
                         .append("signed_by", library.staged.signed_by)
                         .append("generation", one.generation)
                         .append("since", utc_text(one.since))
                         .append("put_aside", library.put_aside)
                         .append("isolated", one.chosen.isolation.has_value()));
    }
    return Json::object()
        .append("plugins", std::move(plugins))
        .append("processes", processes_json())
        .append("generations", role_->generations());
}

}  // namespace stipend::runtime
