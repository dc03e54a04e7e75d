// Watches the plugin folder: a finished write of an active plugin's file is a wish to have it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "host/base/file.hpp"
#include "stipend/result.hpp"

namespace stipend::api {

class PluginWatch {
  public:
    // `on_written(name)` comes on the watch's own thread, once for each file that was closed after writing or renamed
    // into place. UNAVAILABLE where the system watches no more folders.
    static Result<std::unique_ptr<PluginWatch>> create(const std::filesystem::path& folder,
                                                       std::function<void(const std::string& file)> on_written);
    ~PluginWatch();
    PluginWatch(const PluginWatch&) = delete;
    PluginWatch& operator=(const PluginWatch&) = delete;

  private:
    PluginWatch(Fd inotify, Fd stop, std::function<void(const std::string&)> on_written);
    void run();

    Fd inotify_, stop_;
    std::function<void(const std::string&)> on_written_;
    std::thread thread_;
};

}  // namespace stipend::api
