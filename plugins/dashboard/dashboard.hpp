// Serves the pages of a manager below its prefix. What they show, they read from the API as the user that is logged in;
// the plugin itself reads nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "schema.hpp"
#include "site.hpp"
#include "stipend/plugin.hpp"

namespace dashboard {

class Dashboard {
  public:
    struct Settings {
        std::string prefix;  // "/ui/"
    };
    static constexpr stipend::PluginInfo info{
        .id = "org.stipend.dashboard",
        .name = "Dashboard",
        .version = "0.1.0",
        .vendor = "stipend",
        .license = "MIT",
        .description = "Serves the pages of a manager for a browser",
        .config_schema = config_schema,
    };

    Dashboard(Settings settings, stipend::Host host) : settings_(std::move(settings)), host_(host) {}
    static stipend::Result<Settings> parse(const stipend::Json& json, const stipend_terms&);
    // UNSUPPORTED: this host has no listener `api`. CONFIG: the prefix is not that of `api.plugins`.
    stipend::Result<void> start();
    void quiesce() {}
    stipend::Result<std::string> report();

  private:
    stipend::Result<void> add_route(const std::string& path, const Site::Page& page);

    const Settings settings_;
    const stipend::Host host_;
    Site site_;
    std::vector<stipend::Route> routes_;
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> unchanged_{0};  // of them, those answered with 304
};

}  // namespace dashboard
