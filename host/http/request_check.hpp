// What is looked at before a request is taken: its method, URL, header fields, secrets' names and pin. Pure functions,
// with one memory for what is asked again and again.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "host/http/client.hpp"

namespace stipend::http {

inline constexpr std::size_t max_url_bytes = 8'192;
inline constexpr std::size_t max_request_header_bytes = 65'536;
inline constexpr std::size_t max_request_body_bytes = 67'108'864;

using Sha256 = std::array<std::uint8_t, 32>;

struct CheckedRequest {
    std::string
        origin;  // "https://host:port": all that a message shows of a URL, since a path may be a secret (web hooks)
    bool https = false;
    bool has_secrets = false;
    bool may_resend = false;  // by its method or its Idempotency-Key
    Sha256 pin{};             // all zero without one; means something only where pin_sha256 is given
};

// The origins of URLs that were lately asked for: most requests go where others went. [any thread]
class OriginMemo {
  public:
    // As the function below.
    [[nodiscard]] Result<std::string> origin_of(const std::string& url);

  private:
    struct Known {
        std::string url;
        std::string origin;
    };
    std::mutex mutex_;
    std::array<Known, 64> known_;  // each URL has one place, by its hash, and the last one that came there stays
};

// INVALID where the request is malformed or contradicts itself, LIMIT where it is too large.
[[nodiscard]] Result<CheckedRequest> check_request(const HttpRequest& request, OriginMemo& origins);

// "https://host:port" of a URL, with the scheme's own port where it names none. INVALID: no http or https URL, or one
// that carries a user name or password.
[[nodiscard]] Result<std::string> origin_of(const std::string& url);

// 64 hex digits, in any case; colons between bytes are allowed, as other tools print them.
[[nodiscard]] Result<Sha256> parse_sha256(std::string_view text);

// `text` with each `${secret:NAME}` replaced by `value_of(NAME)`. What a secret holds is not looked at again.
template <class ValueOf>
[[nodiscard]] Result<std::string> fill_secrets(std::string_view text, ValueOf&& value_of);

// The place of the next `${secret:NAME}` in `text`: its bounds, and the name. npos where there is none.
struct SecretPlace {
    std::size_t begin = std::string_view::npos;
    std::size_t end = std::string_view::npos;
    std::string_view name;
};
[[nodiscard]] Result<SecretPlace> find_secret(std::string_view text);

template <class ValueOf>
Result<std::string> fill_secrets(std::string_view text, ValueOf&& value_of) {
    std::string out;
    while (true) {
        STIPEND_LET(place, find_secret(text));
        out.append(text.substr(0, place.begin));
        if (place.begin == std::string_view::npos) return out;
        Result<std::string> value = value_of(place.name);
        if (!value) return std::move(value).error();
        out.append(*value);
        text.remove_prefix(place.end);
    }
}

}  // namespace stipend::http
