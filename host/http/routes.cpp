#include "host/http/routes.hpp"

#include <algorithm>
#include <utility>

#include "host/http/header_lines.hpp"

namespace stipend::http {
namespace {

bool serves_path(const Route& route, std::string_view path) {
    return route.prefix ? path.starts_with(route.path) : path == route.path;
}

bool serves_method(const Route& route, std::string_view method) {
    return route.method == method || (route.method == "GET" && method == "HEAD");
}

bool better(const Route& a, const Route& b, std::string_view method) {
    // A route for HEAD itself precedes a GET route, which would serve it too.
    const auto rank = [method](const Route& route) {
        return std::make_pair(route.path.size() * 2 + (route.prefix ? 0 : 1), route.method == method);
    };
    return rank(a) > rank(b);
}

}  // namespace

Result<void> RouteTable::add(std::uint64_t id, Route route) {
    if (!is_token(route.method)) {
        return fail(STIPEND_E_INVALID, "route: bad method: got \"", route.method, "\", want e.g. GET");
    }
    if (!route.path.starts_with('/') || !is_field_value(route.path) ||
        route.path.find_first_of("?# ") != std::string::npos) {
        return fail(STIPEND_E_INVALID, "route: bad path: got \"", route.path, "\", want e.g. /health");
    }
    if (!route.handler || route.deadline_ms == 0) {
        return fail(STIPEND_E_INVALID, "route ", route.method, " ", route.path, ": want a handler and a deadline");
    }
    for (const auto& entry : entries_) {
        const auto& other = *entry.route;
        if (other.method == route.method && other.path == route.path && other.prefix == route.prefix) {
            return fail(STIPEND_E_CONFLICT, "route ", route.method, " ", route.path, " is taken");
        }
    }
    entries_.push_back({id, std::make_shared<const Route>(std::move(route))});
    return {};
}

void RouteTable::remove(std::uint64_t id) {
    std::erase_if(entries_, [id](const Entry& entry) { return entry.id == id; });
}

RouteTable::Match RouteTable::find(std::string_view method, std::string_view path) const {
    Match match;
    std::vector<std::string_view> methods;
    for (const auto& [id, route] : entries_) {
        if (!serves_path(*route, path)) continue;
        methods.push_back(route->method);
        if (route->method == "GET") methods.push_back("HEAD");
        if (serves_method(*route, method) && (!match.route || better(*route, *match.route, method)))
            match.route = route;
    }
    if (match.route) return match;
    std::sort(methods.begin(), methods.end());
    methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
    for (const auto name : methods) match.allow.append(match.allow.empty() ? "" : ", ").append(name);
    return match;
}

}  // namespace stipend::http
