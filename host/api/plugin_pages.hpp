// Routes of plugins on the API's listener: each instance has those below its prefix, and no other. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/route_host.hpp"
#include "host/http/routes.hpp"

namespace stipend::api {

class PluginPages final : public http::RouteHost {
  public:
    struct Page {
        std::string owner;   // the instance's name
        std::string prefix;  // "/ui/"
    };
    explicit PluginPages(std::vector<Page> pages) : pages_(std::move(pages)) {}

    [[nodiscard]] Result<void> check(std::string_view owner, std::string_view method, std::string_view path) override;
    [[nodiscard]] Result<void> add_route(http::Route route) override;

    // Whether a plugin answers that path, or is to answer it once it has started.
    [[nodiscard]] bool has(std::string_view path) const { return page_of(path) != nullptr; }
    [[nodiscard]] http::RouteTable::Match find(std::string_view method, std::string_view path) const;
    // The name of the instance that has the path; empty: none.
    [[nodiscard]] std::string_view owner_of(std::string_view path) const;
    // Where a browser is sent that asks for "/" or for a prefix without its slash; nothing for any other path.
    [[nodiscard]] std::optional<std::string> redirect(std::string_view path) const;

  private:
    [[nodiscard]] const Page* page_of(std::string_view path) const;

    const std::vector<Page> pages_;
    mutable std::mutex mutex_;
    http::RouteTable routes_;       // guarded by mutex_
    std::uint64_t last_route_ = 0;  // guarded by mutex_
};

// The fields that a plugin gets of a request: without what proves anything of its sender.
[[nodiscard]] std::string page_request_headers(std::string_view headers);

// What a plugin's answer may not do on this listener is taken out: cookies, rights for other sites, the host's own
// fields. The host's own fields are added. Returns the names of those that were taken out, but of a browser's
// protection, which the host only ever makes stricter.
[[nodiscard]] std::string guard_page(http::ServerResponse& response);

}  // namespace stipend::api
