#include "host/api/plugin_pages.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "host/http/header_lines.hpp"
#include "stipend/ascii.hpp"
#include "stipend/headers.hpp"

namespace stipend::api {
namespace {

constexpr std::array<std::string_view, 4> proofs{"cookie", "authorization", "proxy-authorization", "x-csrf-token"};
// The same for every page. A plugin's own policy holds beside the host's: a browser obeys both.
constexpr std::string_view page_headers =
    "Content-Security-Policy: default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";
constexpr std::array<std::string_view, 5> own_fields{"x-content-type-options", "x-frame-options", "referrer-policy",
                                                     "cross-origin-opener-policy", "cross-origin-resource-policy"};
constexpr std::array<std::string_view, 4> refused_fields{"set-cookie", "set-cookie2", "clear-site-data",
                                                         "service-worker-allowed"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::any_of(names, [&](auto one) { return ascii::equal_ignoring_case(one, name); });
}

// Calls `keep(name)` for each line, and drops the lines for which it is false.
template <class Keep>
std::string lines_that(std::string_view headers, Keep keep) {
    std::string out;
    while (!headers.empty()) {
        const auto line = take_line(headers);
        if (!line.empty() && keep(trim_blanks(line.substr(0, line.find(':'))))) out.append(line).append("\r\n");
    }
    return out;
}

}  // namespace

const PluginPages::Page* PluginPages::page_of(std::string_view path) const {
    const auto found = std::ranges::find_if(pages_, [&](const Page& page) { return path.starts_with(page.prefix); });
    return found == pages_.end() ? nullptr : &*found;
}

std::string_view PluginPages::owner_of(std::string_view path) const {
    const auto* page = page_of(path);
    return page == nullptr ? std::string_view() : std::string_view(page->owner);
}

Result<void> PluginPages::check(std::string_view owner, std::string_view method, std::string_view path) {
    const auto own = std::ranges::find(pages_, owner, &Page::owner);
    if (own == pages_.end()) {
        return fail(STIPEND_E_CONFIG, "route ", method, " ", path, " on api: got it from ", owner,
                    ", want a plugin of api.plugins");
    }
    if (!path.starts_with(own->prefix)) {
        return fail(STIPEND_E_CONFIG, "route ", method, " ", path, " on api: want a path below ", own->prefix,
                    ", the prefix of ", owner);
    }
    return {};
}

Result<void> PluginPages::add_route(http::Route route) {
    const std::lock_guard lock(mutex_);
    return routes_.add(++last_route_, std::move(route));
}

http::RouteTable::Match PluginPages::find(std::string_view method, std::string_view path) const {
    const std::lock_guard lock(mutex_);
    return routes_.find(method, path);
}

std::optional<std::string> PluginPages::redirect(std::string_view path) const {
    if (path == "/" && !pages_.empty()) return pages_.front().prefix;
    for (const auto& page : pages_) {
        if (page.prefix.ends_with('/') && path == std::string_view(page.prefix).substr(0, page.prefix.size() - 1)) {
            return page.prefix;
        }
    }
    return std::nullopt;
}

std::string page_request_headers(std::string_view headers) {
    return lines_that(headers, [](std::string_view name) { return !is_one_of(proofs, name); });
}

std::string guard_page(http::ServerResponse& response) {
    std::string removed;
    bool cached = false;
    response.headers = lines_that(response.headers, [&](std::string_view name) {
        cached = cached || ascii::equal_ignoring_case(name, "cache-control");
        if (is_one_of(own_fields, name)) return false;
        const bool for_others = ascii::equal_ignoring_case(name.substr(0, 15), std::string_view("access-control-")) ||
                                is_one_of(refused_fields, name);
        if (for_others) removed += cat(removed.empty() ? "" : ", ", ascii::to_lower(name));
        return !for_others;
    });
    response.headers += page_headers;
    if (!cached) response.headers += "Cache-Control: no-store\r\n";
    return removed;
}

}  // namespace stipend::api
