#include "host/config/membership_check.hpp"

#include <algorithm>
#include <utility>

#include "host/config/format.hpp"
#include "host/config/url.hpp"
#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"

namespace stipend::config {
namespace {

constexpr std::size_t least_common_bytes = 16;
constexpr std::size_t least_own_bytes = 32;
constexpr std::size_t most_capabilities = 32;
constexpr std::size_t most_name_bytes = 128;

// As the manager takes them: no blanks, no quotes.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= most_name_bytes &&
           std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\'' && c != '`'; });
}

bool is_address(std::string_view text) {
    return text.size() == 42 && text.starts_with("0x") && is_hex(text.substr(2));
}

// What can be sent in a header.
bool is_credential(std::string_view text) {
    return !text.starts_with(' ') && !text.ends_with(' ') &&
           std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_local(std::string_view origin) {
    const auto place = host_and_port(origin);
    return loopback_listen(place) || ascii::equal_ignoring_case(place.substr(0, place.rfind(':')), "localhost");
}

class MembershipCheck {
  public:
    MembershipCheck(const Node& root, Membership& membership, Diagnostics& diagnostics)
        : root_(root), it_(membership), problems_(diagnostics) {}

    void run() {
        want_origin("url", it_.url);
        if (!it_.url.starts_with("https://") && read_origin(it_.url) && !is_local(it_.url) &&
            it_.plain_http == PlainHttp::refused) {
            report("url", cat("got ", it_.url,
                              ", want https://, or an address of this machine: without TLS secrets could be read on "
                              "the way. On a network that is trusted, manager.plain_http: true accepts that"));
        }
        want_origin("endpoint", it_.endpoint);
        if (it_.orchestrator_id.empty() && read_origin(it_.endpoint)) it_.orchestrator_id = host_and_port(it_.endpoint);
        if (!it_.orchestrator_id.empty() && !is_name(it_.orchestrator_id)) {
            report("orchestrator_id", cat("got ", shown(it_.orchestrator_id), ", want ", name_noun));
        }
        check_capabilities();
        if (!is_address(it_.payout_address)) {
            report("payout_address",
                   cat("got ", shown(it_.payout_address), ", want an address on the chain: 0x and 40 hex digits"));
        }
        check_secret("secret", it_.secret, least_common_bytes);
        check_secret("own_secret", it_.own_secret, least_own_bytes);
        if (it_.client_certificate.empty() != it_.client_key.empty()) {
            report(it_.client_certificate.empty() ? "client_certificate" : "client_key",
                   "got nothing, want a file: a certificate and its key are set together");
        }
    }

  private:
    static constexpr std::string_view name_noun = "1 to 128 ASCII characters without blanks and quotes";
    static std::string shown(std::string_view text) { return scalar_node(text, true).shown(); }

    void report(std::string_view key, std::string message) {
        auto place = locate(root_, "", cat("/manager/", key));
        problems_.add(place.node->pos, std::move(place.path), std::move(message));
    }
    void want_origin(std::string_view key, std::string& text) {
        if (auto origin = read_origin(text)) {
            text = std::move(*origin);
        } else {
            report(key, cat("got ", shown(text), ", want ", find_format("origin")->noun));
        }
    }
    void check_capabilities() {
        const std::string all = std::exchange(it_.capabilities_text, {});
        for (const auto one : comma_separated(all)) {
            if (!is_name(one)) report("capabilities", cat("got ", shown(one), ", want names of ", name_noun));
            it_.capabilities.emplace_back(one);
        }
        if (it_.capabilities.size() > most_capabilities) {
            report("capabilities", cat("got ", it_.capabilities.size(), " names, want at most ", most_capabilities));
        }
    }
    // Without the text itself.
    void check_secret(std::string_view key, const std::string& text, std::size_t least) {
        if (text.empty()) return;
        if (!is_credential(text))
            return report(key, "got characters that no header has, want printable ASCII without blanks at its ends");
        if (text.size() < least) report(key, cat("got ", text.size(), " bytes, want at least ", least));
    }

    const Node& root_;
    Membership& it_;
    Diagnostics& problems_;
};

}  // namespace

void check_membership(const Node& root, Settings& settings, Diagnostics& diagnostics) {
    if (settings.membership.url.empty()) {
        settings.membership = {};
        return;
    }
    MembershipCheck(root, settings.membership, diagnostics).run();
}

}  // namespace stipend::config
