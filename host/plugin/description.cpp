#include "host/plugin/description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "stipend/abi/alert.h"
#include "stipend/abi/dispatch.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/policy.h"
#include "stipend/abi/price.h"
#include "stipend/abi/service.h"
#include "stipend/abi/settlement.h"

namespace stipend::plugin {
namespace {

class Checker {
  public:
    Checker(const std::filesystem::path& file, Home home) : file_(file.native()), home_(home) {}

    template <class... Args>
    [[nodiscard]] Error refuse(std::string_view what, fmt::format_string<Args...> rest, Args&&... args) const {
        return fail(STIPEND_E_INVALID, what, ": ", file_, ": ", fmt::format(rest, std::forward<Args>(args)...));
    }

    // Text of a descriptor, bounded; NULL reads as empty.
    static std::string text(const char* raw, std::size_t limit) {
        return raw == nullptr ? std::string() : std::string(raw, strnlen(raw, limit));
    }

    Result<void> entry(const stipend_entry& e) const {
        if (e.magic != STIPEND_MAGIC) {
            return refuse("wrong magic", "got {:#010x}, want {:#010x}", e.magic, STIPEND_MAGIC);
        }
        if (e.abi_major != STIPEND_ABI_MAJOR) {
            return refuse("ABI major", "got {}, want {}", e.abi_major, STIPEND_ABI_MAJOR);
        }
        constexpr auto least = offsetof(stipend_entry, check_target);  // of the first version
        if (e.size < least) {
            return refuse("entry too small", "got {} bytes, want at least {}", e.size, least);
        }
        const auto function = [&](bool present, std::string_view name) -> Result<void> {
            if (present) return {};
            return refuse("missing function", "got NULL for {}, want a function", name);
        };
        STIPEND_TRY(function(e.init != nullptr, "init"));
        STIPEND_TRY(function(e.deinit != nullptr, "deinit"));
        STIPEND_TRY(function(e.count != nullptr, "count"));
        STIPEND_TRY(function(e.describe != nullptr, "describe"));
        STIPEND_TRY(function(e.lifecycle != nullptr, "lifecycle"));
        const auto& l = *e.lifecycle;
        STIPEND_TRY(function(l.check_config != nullptr, "lifecycle.check_config"));
        STIPEND_TRY(function(l.create != nullptr, "lifecycle.create"));
        STIPEND_TRY(function(l.start != nullptr, "lifecycle.start"));
        STIPEND_TRY(function(l.quiesce != nullptr, "lifecycle.quiesce"));
        STIPEND_TRY(function(l.health != nullptr, "lifecycle.health"));
        STIPEND_TRY(function(l.get_interface != nullptr, "lifecycle.get_interface"));
        return function(l.destroy != nullptr, "lifecycle.destroy");
    }

    Result<Description> descriptor(const stipend_descriptor* d, std::uint32_t index) const {
        if (d == nullptr) return refuse("missing descriptor", "got NULL for plugin {}, want a descriptor", index);
        if (d->size < sizeof(stipend_descriptor)) {
            return refuse("descriptor too small", "got {} bytes, want at least {}", d->size,
                          sizeof(stipend_descriptor));
        }
        Description out;
        out.id = text(d->id, 256);
        STIPEND_TRY(id(out.id));
        STIPEND_TRY(flags(*d, out.id));
        out.name = text(d->name, 256);
        out.version = text(d->version, 64);
        out.vendor = text(d->vendor, 256);
        out.license = text(d->license, 64);
        out.description = text(d->description, 1024);
        out.url = text(d->url, 1024);
        out.config_schema = text(d->config_schema_json, max_schema_bytes + 1);
        if (out.config_schema.size() > max_schema_bytes) {
            return refuse("config schema too large", "{}: got more than {} bytes", out.id, max_schema_bytes);
        }
        for (const char* const* kind = d->kinds; kind != nullptr && *kind != nullptr; ++kind) {
            out.kinds.push_back(text(*kind, 64));
            if (out.kinds.size() > 16) return refuse("too many kinds", "{}: got more than 16", out.id);
        }
        STIPEND_TRY(kinds(out));
        return out;
    }

  private:
    Result<void> id(const std::string& id) const {
        const bool good = id.size() >= 3 && id.size() <= 128 && id.find('.') != std::string::npos &&
                          id.front() != '.' && id.back() != '.' && id.find("..") == std::string::npos &&
                          id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
        if (good) return {};
        return refuse("plugin id", "got \"{}\", want reverse-DNS such as org.example.pay", id.substr(0, 130));
    }
    Result<void> flags(const stipend_descriptor& d, const std::string& id) const {
        if (d.flags == 0) return {};
        if (d.flags == STIPEND_PLUGIN_NEEDS_PROCESS) {
            if (home_ == Home::own_process) return {};
            return refuse("needs a process of its own",
                          "{}: got the flag NEEDS_PROCESS, want none, or `isolate: process` in the configuration where "
                          "its kind can have that",
                          id);
        }
        return refuse("unknown flags", "{}: got {:#x}, want at most {:#x}", id, d.flags,
                      unsigned{STIPEND_PLUGIN_NEEDS_PROCESS});
    }
    Result<void> kinds(const Description& plugin) const {
        const auto& known = known_kinds();
        for (const auto& kind : plugin.kinds) {
            if (std::find(known.begin(), known.end(), kind) != known.end()) return {};
        }
        return refuse("unknown kind", "{}: got {}, want one of {}", plugin.id,
                      plugin.kinds.empty() ? "none" : fmt::format("{}", fmt::join(plugin.kinds, ", ")),
                      fmt::join(known, ", "));
    }

    std::string file_;
    Home home_;
};

}  // namespace

const std::vector<std::string>& known_kinds() {
    static const std::vector<std::string> kinds{STIPEND_POLICY,  STIPEND_DISPATCH, STIPEND_MONITOR,   STIPEND_PRICE,
                                                STIPEND_SERVICE, STIPEND_ALERT,    STIPEND_SETTLEMENT};
    return kinds;
}

bool Description::has_kind(std::string_view kind) const {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

const Description* LibraryDescription::find(std::string_view id) const {
    for (const auto& plugin : plugins) {
        if (plugin.id == id) return &plugin;
    }
    return nullptr;
}

Result<LibraryDescription> describe(const stipend_entry& entry, const std::filesystem::path& shown_as, Home home) {
    const Checker checker(shown_as, home);
    STIPEND_TRY(checker.entry(entry));
    LibraryDescription out{.sdk = Checker::text(entry.sdk, 128),
                           .build = Checker::text(entry.build, 128),
                           .abi_major = entry.abi_major,
                           .abi_minor = entry.abi_minor,
                           .plugins = {}};
    const auto count = entry.count();
    if (count == 0 || count > max_plugins_per_library) {
        return checker.refuse("number of plugins", "got {}, want 1 .. {}", count, max_plugins_per_library);
    }
    std::set<std::string> ids;
    for (std::uint32_t index = 0; index < count; ++index) {
        STIPEND_LET(plugin, checker.descriptor(entry.describe(index), index));
        if (!ids.insert(plugin.id).second) {
            return checker.refuse("duplicate plugin id", "got {} twice, want each id once", plugin.id);
        }
        out.plugins.push_back(std::move(plugin));
    }
    return out;
}

Json LibraryDescription::to_json() const {
    Json list = Json::array();
    for (const auto& plugin : plugins) {
        Json kinds = Json::array();
        for (const auto& kind : plugin.kinds) kinds.push(Json(kind));
        Json one = Json::object();
        one.set("id", plugin.id);
        one.set("name", plugin.name);
        one.set("version", plugin.version);
        one.set("vendor", plugin.vendor);
        one.set("license", plugin.license);
        one.set("description", plugin.description);
        one.set("url", plugin.url);
        one.set("config_schema", plugin.config_schema);
        one.set("kinds", std::move(kinds));
        list.push(std::move(one));
    }
    Json out = Json::object();
    out.set("sdk", sdk);
    out.set("build", build);
    out.set("abi_major", abi_major);
    out.set("abi_minor", abi_minor);
    out.set("plugins", std::move(list));
    Json noticed = Json::array();
    for (const auto& warning : warnings) noticed.push(Json(warning));
    out.set("warnings", std::move(noticed));
    return out;
}

Result<LibraryDescription> LibraryDescription::from_json(const Json& json) {
    const auto text = [](const Json& object, std::string_view key) {
        const auto* value = object.find(key);
        return value == nullptr ? std::string() : value->text();
    };
    const auto number = [&](const Json& object, std::string_view key) {
        const auto value = Decimal::parse(text(object, key));
        const auto exact = value ? value->exact_scaled(0) : Result<std::int64_t>(std::int64_t{0});
        return exact ? static_cast<std::uint32_t>(*exact) : 0U;
    };
    const auto* list = json.find("plugins");
    if (list == nullptr || !list->is(Json::Kind::array)) {
        return fail(STIPEND_E_INVALID, "not a description of a library: ", json.dump().substr(0, 80));
    }
    LibraryDescription out{.sdk = text(json, "sdk"),
                           .build = text(json, "build"),
                           .abi_major = number(json, "abi_major"),
                           .abi_minor = number(json, "abi_minor"),
                           .plugins = {}};
    for (const auto& one : list->items()) {
        Description plugin{.id = text(one, "id"),
                           .name = text(one, "name"),
                           .version = text(one, "version"),
                           .vendor = text(one, "vendor"),
                           .license = text(one, "license"),
                           .description = text(one, "description"),
                           .url = text(one, "url"),
                           .config_schema = text(one, "config_schema"),
                           .kinds = {}};
        if (const auto* kinds = one.find("kinds")) {
            for (const auto& kind : kinds->items()) plugin.kinds.push_back(kind.text());
        }
        out.plugins.push_back(std::move(plugin));
    }
    if (const auto* noticed = json.find("warnings")) {
        for (const auto& warning : noticed->items()) out.warnings.push_back(warning.text());
    }
    return out;
}

}  // namespace stipend::plugin
