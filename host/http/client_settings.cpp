#include "host/http/client_settings.hpp"

#include <curl/curl.h>
#include <sys/resource.h>

#include <algorithm>

#include "host/http/ssrf_guard.hpp"

namespace stipend::http {
namespace {

constexpr std::size_t unknown_limit = 1024;  // of descriptors, where the system does not say

// How many descriptors this process may open, after the soft limit was raised to the hard one: it is low for programs
// that use select(), which no part of this process does.
std::size_t descriptor_limit() {
    constexpr rlim_t enough = 65'536;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return unknown_limit;
    const rlimit raised{std::max(limit.rlim_cur, std::min(limit.rlim_max, enough)), limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    return static_cast<std::size_t>(limit.rlim_cur);
}

}  // namespace

ClientOptions within_descriptors(ClientOptions options) {
    const auto limit = std::max<std::size_t>(descriptor_limit(), 4);
    options.max_connections = std::min(options.max_connections, limit / 2);
    options.max_connections_per_origin = std::min(options.max_connections_per_origin, limit / 4);
    return options;
}

EasySettings settings_for(ClientOptions options) {
    EasySettings settings{std::move(options), {}, {}, {}};
    settings.ca_file = settings.options.ca_file;
    if (const auto* known = curl_version_info(CURLVERSION_NOW); settings.ca_file.empty() && known->cainfo != nullptr) {
        settings.ca_file = known->cainfo;
    }
    settings.ssrf_guard = settings.options.ssrf_guard;
    if (!settings.ssrf_guard) settings.ssrf_guard = ssrf_refusal;
    settings.public_guard = settings.options.public_guard;
    if (!settings.public_guard) settings.public_guard = [](const char* address) { return public_refusal(address); };
    return settings;
}

}  // namespace stipend::http
