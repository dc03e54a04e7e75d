#include "host/runtime/plugin_router.hpp"

#include <mutex>

namespace stipend::runtime {

Result<void> PluginRouter::listen(const std::string& name, const std::string& address, http::ServerThread* thread,
                                  std::shared_ptr<http::ServerTls> tls) {
    STIPEND_SET(servers_[name], http::Server::create({.listen = address, .tls = std::move(tls)}, thread));
    return {};
}

std::string PluginRouter::address_of(const std::string& name) const {
    const auto found = servers_.find(name);
    return found == servers_.end() ? std::string() : found->second->address();
}

void PluginRouter::close() {
    for (auto& [name, server] : servers_) server->stop();
}

Result<void> PluginRouter::check(std::string_view owner, std::string_view listener, std::string_view method,
                                 std::string_view path) {
    if (const auto host = hosts_.find(std::string(listener)); host != hosts_.end()) {
        STIPEND_TRY(host->second->check(owner, method, path));
    } else if (!servers_.contains(std::string(listener))) {
        return fail(STIPEND_E_UNSUPPORTED, "route ", path, ": got the listener ", listener,
                    ", want one that this host has");
    }
    const auto found = places_.find({std::string(listener), std::string(method), std::string(path)});
    if (found == places_.end()) return {};
    const std::shared_lock lock(found->second->mutex);
    if (found->second->mount != 0 && found->second->owner != owner)
        return fail(STIPEND_E_CONFLICT, "route ", method, " ", path, ": ", found->second->owner, " has it already");
    return {};
}

// The place of a route, made and given to the server at its first use.
Result<std::shared_ptr<PluginRouter::Place>> PluginRouter::place(std::string_view owner, const Key& key) {
    STIPEND_TRY(check(owner, key.listener, key.method, key.path));
    if (const auto found = places_.find(key); found != places_.end()) return found->second;
    auto fresh = std::make_shared<Place>();
    http::Route route{.method = key.method,
                      .path = key.path,
                      .handler = [fresh](http::ServerRequest&& request, http::Responder responder) {
                          const std::shared_lock lock(fresh->mutex);
                          if (fresh->mount != 0) return fresh->handler(std::move(request), std::move(responder));
                          static_cast<void>(responder.respond(http::error_response(404, "no such route")));
                      }};
    if (const auto host = hosts_.find(key.listener); host != hosts_.end()) {
        STIPEND_TRY(host->second->add_route(std::move(route)));
    } else {
        STIPEND_TRY(servers_.at(key.listener)->add_route(std::move(route)));
    }
    places_.emplace(key, fresh);
    return fresh;
}

Result<std::uint64_t> PluginRouter::mount(std::string_view owner, std::string_view listener, std::string_view method,
                                          std::string_view path, Handler handler) {
    STIPEND_LET(at, place(owner, {std::string(listener), std::string(method), std::string(path)}));
    const std::unique_lock lock(at->mutex);
    at->mount = ++last_mount_;
    at->owner = owner;
    at->handler = std::move(handler);
    return at->mount;
}

void PluginRouter::unmount(std::uint64_t mount) {
    for (const auto& [key, place] : places_) {
        const std::unique_lock lock(place->mutex);
        if (place->mount != mount) continue;
        place->mount = 0;
        place->handler = {};
    }
}

}  // namespace stipend::runtime
