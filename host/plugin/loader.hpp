// Turns a name in the configuration into a mapped, checked library.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/plugin/description.hpp"
#include "host/plugin/isolated/patience.hpp"
#include "host/plugin/library.hpp"
#include "host/plugin/probe.hpp"
#include "host/plugin/stage.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

struct LoaderOptions {
    std::filesystem::path folder;   // the operator's plugin folder
    std::filesystem::path staging;  // private copies
    ProbeOptions probe;
    std::filesystem::path process_program = {};  // stipend-plugin
    // How long a file has to be the same before it is taken (settled.hpp); 0: as it is. BUSY after
    // `settle_patience_ns`.
    std::int64_t settle_ns = 0;
    std::int64_t settle_patience_ns = 10'000'000'000;
    std::set<std::string> put_aside = {};  // hashes of files that are not to be mapped
    // Keys, one of which must have signed each file and each earlier version that serves again; none: unsigned ones are
    // taken.
    std::vector<TrustedKey> trust = {};
};

// A file that is put aside or refused, and what serves in its place.
struct PutAside {
    std::filesystem::path file;
    std::string sha256;    // empty: it could not be read
    std::string serving;   // the hash of an earlier version; empty: nothing does
    std::string why = {};  // it is refused; empty: it ended the host
};

// A process of its own, in which an instance runs.
struct Isolation {
    std::filesystem::path program;   // stipend-plugin
    std::uint64_t memory_bytes = 0;  // of its data
    isolated::Patience patience = {};
};

// A library that passed the probe, and is mapped in this process or serves in processes of its own. Lives until the
// process ends.
struct Loaded {
    Staged staged;
    LibraryDescription description;
    const stipend_entry* entry = nullptr;
    bool put_aside = false;  // its code is not mapped: `entry` takes its place
    // Of one that runs in processes of its own, whose code is not mapped here: what `entry` points at instead.
    std::shared_ptr<const stipend_entry> isolated = {};
};

// What the operator wrote to name a plugin.
struct Reference {
    std::string plugin;     // a file's stem in the plugin folder, or a path that ends in .so
    std::string id;         // which plugin of the library; empty where only one may be meant
    std::string sha256;     // pin; may be empty
    std::string kind = {};  // an interface id: without `id`, the only plugin that offers it is meant; empty: any
    std::optional<std::uint64_t> process_memory = {};  // bytes: it runs in a process of its own with that limit
};

// A plugin chosen out of a library.
struct Chosen {
    std::shared_ptr<const Loaded> library;
    const Description* plugin = nullptr;      // lives as long as `library`
    std::optional<Isolation> isolation = {};  // of its instances; none: they run in this process
};

// Thread-safe; a call may take some milliseconds, so it is kept off the control thread.
class Loader {
  public:
    explicit Loader(LoaderOptions options) : options_(std::move(options)) {}

    // Stages, probes, maps and checks. The same bytes are mapped once, however often they come back.
    Result<Chosen> load(const Reference& reference);

    // Notes that this file is in force: where a later version of it is put aside, this one serves.
    Result<void> note_served(const Staged& staged) const;
    // Removes the private copies that nothing has any use for: all but those `in_force`, the versions that may serve in
    // the place of one that is put aside, and those whose hash is `referred` to. Not while another thread loads.
    void remove_unused_copies(const std::vector<std::filesystem::path>& in_force,
                              const std::vector<std::string>& referred) const;
    // Whether an earlier version of a file, which was in force, serves where the file that lies there now is refused.
    // Off at first, save for the very bytes in whose place one serves already. Not for a file with a pinned hash, nor
    // for one that is gone.
    void set_fall_back(bool on) { fall_back_ = on; }
    // Files that `load` met, and in whose place something else serves. [any]
    [[nodiscard]] std::vector<PutAside> put_aside();
    // Before the first load.
    void set_put_aside(std::set<std::string> hashes) { options_.put_aside = std::move(hashes); }

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
    // How a library is to be had, of those that `reference` names.
    struct Wanted {
        bool pinned = false;    // no other bytes serve
        bool isolated = false;  // in processes of its own
    };
    // All with mutex_ held.
    Result<std::shared_ptr<const Loaded>> map(const Staged& staged, bool isolated);
    Result<std::shared_ptr<const Loaded>> map_here(const Staged& staged);
    Result<std::shared_ptr<const Loaded>> instead_of(const Staged& staged, Wanted wanted);
    // The newest version of a file that was in force and can be mapped; NULL: there is none.
    std::shared_ptr<const Loaded> last_served(const std::filesystem::path& file, bool isolated);
    // What serves for a file that was staged, or could not be.
    Result<std::shared_ptr<const Loaded>> serving_for(const std::filesystem::path& file, const Result<Staged>& staged,
                                                      Wanted wanted);
    [[nodiscard]] ProbeOptions probe_options(bool isolated) const;
    Result<Staged> stage_settled(const std::filesystem::path& file, const std::string& pin) const;
    // The hashes of the versions of a file that were in force, oldest first; `copies`: the folder of its copies.
    [[nodiscard]] std::vector<std::string> served(const std::filesystem::path& copies) const;

    LoaderOptions options_;
    std::atomic<bool> fall_back_ = false;
    std::mutex warnings_mutex_;
    std::set<std::string> warnings_;  // guarded by warnings_mutex_
    std::mutex mutex_;
    // By the hash of its bytes, and whether it runs in processes of its own. Guarded by mutex_.
    std::map<std::pair<std::string, bool>, std::shared_ptr<const Loaded>> by_hash_;
    std::map<std::filesystem::path, PutAside> met_;  // guarded by mutex_
};

// Two active libraries must not both hold a plugin of one id. CONFLICT names both files.
Result<void> check_unique_ids(const std::vector<Chosen>& active);

}  // namespace stipend::plugin
