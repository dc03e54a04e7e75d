// The host's HTTP server for a test, which calls the routes of a plugin.
//
//     auto answer = host.routes().call({.path = "/health"});
//     CHECK(answer.status() == 200);
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stipend/abi/routes.h"
#include "stipend/host.hpp"

namespace stipend::testing {

struct FakeRouteCall {
    std::string method = "GET", path = {}, query = {};
    std::string headers = {};  // "name: value\r\n" lines, names in lower case
    std::string body = {};
    std::string peer = "192.0.2.9:40000";
};

// The response to a call, once it is done. Copies refer to the same response.
class FakeRouteAnswer {
  public:
    [[nodiscard]] bool done() const { return state_->done; }
    // Requires that it is done.
    [[nodiscard]] int status() const {
        STIPEND_ASSERT(state_->done);
        return state_->status;
    }
    [[nodiscard]] const std::string& body() const { return state_->body; }
    // The value of the first header of that name, or nothing.
    [[nodiscard]] std::string header(std::string_view name) const {
        return std::string(find_header(state_->headers, name).value_or(std::string_view()));
    }

  private:
    friend class FakeRoutes;
    struct State {
        bool done = false;
        int status = 0;
        std::string headers, body;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

class FakeRoutes {
  public:
    using Fault = std::function<void(std::string)>;
    using Call = std::function<void(const std::function<void()>&)>;  // runs a callback of the plugin as [pool]

    FakeRoutes(Fault fault, Call call) : fault_(std::move(fault)), call_(std::move(call)) {}

    // "listener method path" of each route, in the order in which they were added.
    [[nodiscard]] std::vector<std::string> list() const {
        std::vector<std::string> out;
        for (const auto& route : routes_) out.push_back(cat(route.listener, " ", route.method, " ", route.path));
        return out;
    }
    // From now on `add` returns `status`; STIPEND_OK resets that.
    void refuse(stipend_status status) { refusal_ = status; }

    // Calls the route that was added last for that method and path; a fault if there is none. The plugin may respond at
    // once or later.
    FakeRouteAnswer call(const FakeRouteCall& request) {
        FakeRouteAnswer answer;
        const Mounted* found = nullptr;
        for (const auto& route : routes_) {
            if (route.method == request.method && route.path == request.path) found = &route;
        }
        if (found == nullptr) {
            fault_(cat("no such route: ", request.method, " ", request.path));
            answer.state_->done = true;
            answer.state_->status = 404;
            return answer;
        }
        auto raw = make_record<stipend_route_request>();
        raw.method = to_abi(request.method);
        raw.path = to_abi(request.path);
        raw.query = to_abi(request.query);
        raw.headers = to_abi(request.headers);
        raw.peer = to_abi(request.peer);
        raw.body = bytes_to_abi(request.body);
        raw.token = ++last_token_;
        owed_.emplace(raw.token, answer);
        call_([&] { found->handler(found->user, &raw); });
        return answer;
    }

    stipend_status add(std::string_view listener, std::string_view method, std::string_view path,
                       stipend_route_handler handler, void* user) {
        if (refusal_ != STIPEND_OK) return refusal_;
        routes_.push_back({std::string(listener), std::string(method), std::string(path), handler, user});
        return STIPEND_OK;
    }
    stipend_status respond(std::uint64_t token, int status, std::string_view headers, std::string_view body) {
        const auto found = owed_.find(token);
        if (found == owed_.end()) {
            fault_("a request was answered twice, or never existed");
            return STIPEND_E_STATE;
        }
        auto& state = *found->second.state_;
        state.done = true;
        state.status = status;
        state.headers = headers;
        state.body = body;
        owed_.erase(found);
        return STIPEND_OK;
    }

  private:
    struct Mounted {
        std::string listener, method, path;
        stipend_route_handler handler;
        void* user;
    };

    Fault fault_;
    Call call_;
    std::vector<Mounted> routes_;
    std::map<std::uint64_t, FakeRouteAnswer> owed_;
    std::uint64_t last_token_ = 0;
    stipend_status refusal_ = STIPEND_OK;
};

}  // namespace stipend::testing
