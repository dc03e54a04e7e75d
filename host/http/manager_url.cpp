#include "host/http/manager_url.hpp"

#include <array>

#include "host/base/printable.hpp"

namespace stipend::http {
namespace {

constexpr std::size_t most_of_url = 90;  // bytes that are shown

bool is_on_this_machine(std::string_view url) {
    // Behind user information, another host follows.
    if (url.find('@') != std::string_view::npos) return false;
    static constexpr std::array<std::string_view, 3> hosts{"http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (const auto host : hosts) {
        if (!url.starts_with(host)) continue;
        const auto rest = url.substr(host.size());
        if (rest.empty() || rest.front() == ':' || rest.front() == '/') return true;
    }
    return false;
}

}  // namespace

Result<void> check_manager_url(std::string_view url, bool plain_http) {
    const bool plain = url.starts_with("http://");
    const auto text = printable_line(clip(url, most_of_url));
    if (!plain && !url.starts_with("https://")) {
        return fail(STIPEND_E_INVALID, "--url: got \"", text, "\", want one with https://");
    }
    if (plain && !plain_http && !is_on_this_machine(url)) {
        return fail(STIPEND_E_INVALID, "--url: got ", text,
                    ", which sends the key unencrypted; want https://, or --plain-http where the network is trusted");
    }
    return {};
}

Result<void> check_manager_key(std::string_view key) {
    if (!key.empty() && key.find_first_of("\r\n") == std::string_view::npos) return {};
    return fail(STIPEND_E_INVALID, "the key is empty or no single line");
}

}  // namespace stipend::http
