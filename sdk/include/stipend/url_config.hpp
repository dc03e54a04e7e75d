// URLs of servers in a plugin's configuration.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "stipend/ascii.hpp"
#include "stipend/config.hpp"
#include "stipend/url.hpp"

namespace stipend {

struct ServerUrl {
    std::string url;
    std::string shown;  // scheme, host and port: the rest may hold a key, so no message shows it
};

// http or https, without a user name, of printable ASCII characters and at most 2048 bytes. Errors do not show the
// text.
[[nodiscard]] inline Result<ServerUrl> server_url(const ConfigView& config) {
    constexpr std::size_t longest = 2048;
    STIPEND_LET(url, config.string());
    const auto parts = split_url(url);
    const bool known = parts && (ascii::equal_ignoring_case(parts->scheme, "https") ||
                                 ascii::equal_ignoring_case(parts->scheme, "http"));
    const bool word = std::all_of(url.begin(), url.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    if (!known || !word || parts->host.empty() || url.size() > longest ||
        parts->authority.find('@') != std::string_view::npos) {
        return config.refuse("got another text, want a URL: https://host/path, without a user name");
    }
    auto shown = cat(parts->scheme, "://", parts->authority);
    return ServerUrl{std::move(url), std::move(shown)};
}

}  // namespace stipend
