#include "host/plugin/instance_routes.hpp"

namespace stipend::plugin {

Result<void> InstanceRoutes::add(std::string listener, std::string method, std::string path,
                                 stipend_route_handler handler, void* user) {
    if (wanted_.size() >= max_routes) return fail(STIPEND_E_LIMIT, owner_, ": got more than ", max_routes, " routes");
    STIPEND_TRY(table_->check(owner_, listener, method, path));
    wanted_.push_back({std::move(listener), std::move(method), std::move(path), handler, user});
    return {};
}

Result<void> InstanceRoutes::mount(const Deliver& deliver) {
    for (const auto& route : wanted_) {
        auto mounted = table_->mount(
            owner_, route.listener, route.method, route.path,
            [this, deliver, handler = route.handler, user = route.user](http::ServerRequest&& request,
                                                                        http::Responder responder) {
                std::unique_lock lock(mutex_);
                if (owed_.size() >= max_unanswered) {
                    lock.unlock();
                    static_cast<void>(responder.respond(http::error_response(503, "too many requests wait")));
                    return;
                }
                const auto token = ++last_token_;
                owed_.emplace(token, std::move(responder));
                lock.unlock();
                deliver(handler, user, std::move(request), token);
            });
        if (!mounted) {
            unmount();
            give_up();
            return mounted.error();
        }
        mounts_.push_back(*mounted);
    }
    return {};
}

void InstanceRoutes::unmount() {
    for (const auto mount : mounts_) table_->unmount(mount);
    mounts_.clear();
}

void InstanceRoutes::give_up() {
    std::unordered_map<std::uint64_t, http::Responder> owed;  // ends outside the lock
    const std::lock_guard lock(mutex_);
    owed.swap(owed_);
}

Result<void> InstanceRoutes::respond(std::uint64_t token, http::ServerResponse response) {
    const std::lock_guard lock(mutex_);
    const auto found = owed_.find(token);
    if (found == owed_.end()) return fail(STIPEND_E_STATE, "no request waits for this answer");
    auto done = found->second.respond(std::move(response));
    // A malformed answer leaves one owed.
    if (done || done.error().status != STIPEND_E_INVALID) owed_.erase(found);
    return done;
}

}  // namespace stipend::plugin
