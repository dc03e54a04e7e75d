// Turns a name in the configuration into a mapped, checked library.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "host/plugin/description.hpp"
#include "host/plugin/library.hpp"
#include "host/plugin/probe.hpp"
#include "host/plugin/stage.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

struct LoaderOptions {
    std::filesystem::path folder;   // the operator's plugin folder
    std::filesystem::path staging;  // private copies
    ProbeOptions probe;
};

// A library that passed the probe and is mapped in this process. Lives until the process ends.
struct Loaded {
    Staged staged;
    LibraryDescription description;
    const stipend_entry* entry = nullptr;
};

// What the operator wrote to name a plugin.
struct Reference {
    std::string plugin;     // a file's stem in the plugin folder, or a path that ends in .so
    std::string id;         // which plugin of the library; empty where only one may be meant
    std::string sha256;     // pin; may be empty
    std::string kind = {};  // an interface id: without `id`, the only plugin that offers it is meant; empty: any
};

// A plugin chosen out of a library.
struct Chosen {
    std::shared_ptr<const Loaded> library;
    const Description* plugin = nullptr;  // lives as long as `library`
};

// Thread-safe; a call may take some milliseconds, so it is kept off the control thread.
class Loader {
  public:
    explicit Loader(LoaderOptions options) : options_(std::move(options)) {}

    // Stages, probes, maps and checks. The same bytes are mapped once, however often they come back.
    Result<Chosen> load(const Reference& reference);

    // Stages and probes a file without mapping it here. Its plugins that take an empty configuration are tried with
    // one.
    Result<std::pair<Staged, LibraryDescription>> inspect(const std::filesystem::path& file,
                                                          const std::string& pin = {});

    // Tries a configuration in the probe, so that a plugin that crashes on it does so elsewhere.
    Result<void> try_config(const Chosen& chosen, const std::string& config_json, const stipend_terms& terms);

    // What was noticed of the plugins that were loaded or tried since the last call, each text once.
    std::vector<std::string> take_warnings();

    [[nodiscard]] std::filesystem::path file_of(const std::string& plugin) const;

    // Each .so of the folder, sorted, with what the probe said of it.
    struct Listed {
        std::filesystem::path file;
        Result<std::pair<Staged, LibraryDescription>> found;
    };
    Result<std::vector<Listed>> list();

  private:
    void note(const std::vector<std::string>& warnings);

    LoaderOptions options_;
    std::mutex warnings_mutex_;
    std::set<std::string> warnings_;  // guarded by warnings_mutex_
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const Loaded>> by_hash_;  // guarded by mutex_
};

// Two active libraries must not both hold a plugin of one id. CONFLICT names both files.
Result<void> check_unique_ids(const std::vector<Chosen>& active);

}  // namespace stipend::plugin
