// A plugin's HTTP routes on the host's server.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "stipend/abi/routes.h"
#include "stipend/host.hpp"
#include "stipend/unique_function.hpp"

namespace stipend {

// A request that needs one response. If it is destroyed without one, it responds with 500.
class RouteRequest {
  public:
    std::string method, path, query;  // the query without its question mark
    std::string headers;              // "name: value\r\n" lines, names in lower case
    std::string peer;
    std::string body;
    // What the host has verified of the sender, on the manager's listener `api`; empty: not logged in.
    std::string principal, role;
    std::string orchestrator;  // of a login of an orchestrator: its id

    RouteRequest(Host host, const stipend_route_request& raw)
        : method(view(raw.method)),
          path(view(raw.path)),
          query(view(raw.query)),
          headers(view(raw.headers)),
          peer(view(raw.peer)),
          body(view(raw.body)),
          principal(view(raw.principal)),
          role(view(raw.role)),
          orchestrator(view(raw.orchestrator)),
          host_(host),
          token_(raw.token) {}
    RouteRequest(RouteRequest&& other) noexcept
        : method(std::move(other.method)),
          path(std::move(other.path)),
          query(std::move(other.query)),
          headers(std::move(other.headers)),
          peer(std::move(other.peer)),
          body(std::move(other.body)),
          principal(std::move(other.principal)),
          role(std::move(other.role)),
          orchestrator(std::move(other.orchestrator)),
          host_(other.host_),
          token_(std::exchange(other.token_, 0)) {}
    RouteRequest& operator=(RouteRequest&&) = delete;
    RouteRequest(const RouteRequest&) = delete;
    RouteRequest& operator=(const RouteRequest&) = delete;
    ~RouteRequest() {
        if (token_ != 0) respond(500, "content-type: text/plain\r\n", "the plugin gave no answer\n");
    }

    // The value of the first header of that name, or nothing.
    [[nodiscard]] std::string_view header(std::string_view name) const {
        return find_header(headers, name).value_or(std::string_view());
    }

    // Sends the response, once; `headers` are "name: value\r\n" lines. [any] False: the host has already responded, as
    // it does after the deadline.
    bool respond(int http_status, std::string_view answer_headers, std::string_view answer_body) {
        const auto token = std::exchange(token_, 0);
        STIPEND_ASSERT(token != 0);
        const auto* table = host_.service<stipend_host_routes_v1>(STIPEND_HOST_ROUTES);
        return table != nullptr && table->respond(host_.raw(), token, http_status, to_abi(answer_headers),
                                                  bytes_to_abi(answer_body)) == STIPEND_OK;
    }

  private:
    Host host_;
    std::uint64_t token_;
};

// A route of this instance. It cannot be removed: keep it as long as the instance.
class Route {
  public:
    using Handler = UniqueFunction<void(RouteRequest)>;  // runs on [pool]

    // Adds a route that `handler` serves from `start` on. [control & created] Called in the plugin's constructor or its
    // `start`. CONFLICT: the route belongs to another instance.
    static Result<Route> add(Host host, std::string_view listener, std::string_view method, std::string_view path,
                             Handler handler) {
        const auto* table = host.service<stipend_host_routes_v1>(STIPEND_HOST_ROUTES);
        if (table == nullptr) return fail(STIPEND_E_UNSUPPORTED, "this host offers no routes");
        Route route(host, std::move(handler));
        const auto status =
            table->add(host.raw(), to_abi(listener), to_abi(method), to_abi(path), &handle, route.state_.get());
        if (status == STIPEND_OK) return route;
        return fail(status, "route refused: ", method, " ", path, " on ", listener, ": ",
                    status == STIPEND_E_CONFLICT ? std::string("another instance has it") : cat("status ", status));
    }

  private:
    struct State {
        Host host;
        Handler handler;
    };
    Route(Host host, Handler handler) : state_(std::make_unique<State>(State{host, std::move(handler)})) {}

    static void handle(void* user, const stipend_route_request* raw) {
        auto& state = *static_cast<State*>(user);
        try {
            stipend_route_request scratch;
            state.handler(RouteRequest(state.host, detail::record_view(raw, scratch)));
        } catch (...) {
            state.host.log_thrown("a route");
        }
    }

    std::unique_ptr<State> state_;
};

}  // namespace stipend
