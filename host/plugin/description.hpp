// What a library says of itself, checked and copied, so that nothing of it is trusted later.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "stipend/abi/entry.h"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

inline constexpr std::uint32_t max_plugins_per_library = 16;
inline constexpr std::size_t max_schema_bytes = 256 << 10;

struct Description {
    std::string id, name, version, vendor, license, description, url;
    std::string config_schema;  // JSON Schema; empty: takes no configuration
    std::vector<std::string> kinds;
    bool tried = false;  // its instances were, with an empty configuration; not part of to_json

    [[nodiscard]] bool has_kind(std::string_view kind) const;
};

struct LibraryDescription {
    std::string sdk, build;
    std::uint32_t abi_major = 0, abi_minor = 0;
    std::vector<Description> plugins;
    std::vector<std::string> warnings = {};  // what the probe noticed, each with the file's name

    [[nodiscard]] const Description* find(std::string_view id) const;
    [[nodiscard]] Json to_json() const;
    // Reads what `to_json` wrote; for the probe's answer.
    static Result<LibraryDescription> from_json(const Json& json);
};

// Interface ids of the kinds that this host speaks.
[[nodiscard]] const std::vector<std::string>& known_kinds();

// Which process a library is mapped into.
enum class Home : std::uint8_t { host, own_process };

// Checks the entry of a mapped library: magic, size, major, every function, and each plugin's descriptor. One that
// needs a process of its own is refused in the host. Errors read "what: which file: got, want". Calls `count` and
// `describe`, nothing else.
Result<LibraryDescription> describe(const stipend_entry& entry, const std::filesystem::path& shown_as,
                                    Home home = Home::host);

}  // namespace stipend::plugin
