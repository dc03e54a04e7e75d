// The HTTP routes of one instance: asked for while it is created, served from its start to its end.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/http/server.hpp"
#include "host/plugin/services.hpp"
#include "stipend/abi/routes.h"

namespace stipend::plugin {

class InstanceRoutes {
  public:
    static constexpr std::size_t max_routes = 64;
    static constexpr std::size_t max_unanswered = 4096;  // beyond it a request is answered with 503 at once

    // Hands a request to the plugin's handler, on its strand.
    using Deliver = std::function<void(stipend_route_handler, void* user, http::ServerRequest&&, std::uint64_t token)>;

    InstanceRoutes(RouteTable* table, std::string owner) : table_(table), owner_(std::move(owner)) {}

    // [control & created]
    Result<void> add(std::string listener, std::string method, std::string path, stipend_route_handler handler,
                     void* user);
    // Serves them; where one cannot be served, none is. [control]
    Result<void> mount(const Deliver& deliver);
    // Serves them no more; what was asked before may still be answered. [control]
    void unmount();
    // Gives up the requests that are owed an answer. [any]
    void give_up();
    // [any] STATE: no such request, or it is answered.
    Result<void> respond(std::uint64_t token, http::ServerResponse response);

  private:
    struct Wanted {
        std::string listener, method, path;
        stipend_route_handler handler;
        void* user;
    };

    RouteTable* const table_;
    const std::string owner_;
    std::vector<Wanted> wanted_;         // [control]
    std::vector<std::uint64_t> mounts_;  // [control]
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, http::Responder> owed_;  // guarded by mutex_
    std::uint64_t last_token_ = 0;                             // guarded by mutex_
};

}  // namespace stipend::plugin
