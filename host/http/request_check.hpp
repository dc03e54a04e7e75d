// Validates a request before it is accepted: its method, URL, header fields, names of secrets, and pin. Pure functions,
// and a cache of origins.
#pragma once

#include <array>
#include <mutex>
#include <string>
#include <string_view>

#include "host/base/sha256.hpp"
#include "host/http/client.hpp"

namespace stipend::http {

inline constexpr std::size_t max_url_bytes = 8'192;
inline constexpr std::size_t max_request_header_bytes = 65'536;
inline constexpr std::size_t max_request_body_bytes = 67'108'864;

struct CheckedRequest {
    std::string origin = {};  // "https://host:port"; messages show no more of a URL, whose path may be a secret
    bool https = false;
    bool has_secrets = false;
    bool may_resend = false;  // by its method or its Idempotency-Key
    Sha256 pin{};             // valid only where pin_sha256 is given
};

// A cache of `origin_of`, since most requests go where others went. [any thread]
class OriginMemo {
  public:
    [[nodiscard]] Result<std::string> origin_of(const std::string& url);

  private:
    struct Known {
        std::string url;
        std::string origin;
    };
    std::mutex mutex_;
    std::array<Known, 64> known_;  // by the URL's hash; a URL replaces another one of the same slot
};

// INVALID where the request is malformed or contradicts itself, LIMIT where it is too large.
[[nodiscard]] Result<CheckedRequest> check_request(const HttpRequest& request, OriginMemo& origins);

// "https://host:port" of a URL, with the scheme's own port where it names none. INVALID: no http or https URL, or one
// that carries a user name or password.
[[nodiscard]] Result<std::string> origin_of(const std::string& url);

// 64 hex digits in any case; a colon between two bytes is ignored, as other tools print one.
[[nodiscard]] Result<Sha256> parse_sha256(std::string_view text);

// `text` with each `${secret:NAME}` replaced by `value_of(NAME)`; the values themselves are not searched.
template <class ValueOf>
[[nodiscard]] Result<std::string> fill_secrets(std::string_view text, ValueOf&& value_of);

// The first `${secret:NAME}` in a text; npos where there is none.
struct SecretRef {
    std::size_t begin = std::string_view::npos;
    std::size_t end = std::string_view::npos;
    std::string_view name;
};
[[nodiscard]] Result<SecretRef> find_secret(std::string_view text);

template <class ValueOf>
Result<std::string> fill_secrets(std::string_view text, ValueOf&& value_of) {
    std::string out;
    while (true) {
        STIPEND_LET(ref, find_secret(text));
        out.append(text.substr(0, ref.begin));
        if (ref.begin == std::string_view::npos) return out;
        Result<std::string> value = value_of(ref.name);
        if (!value) return std::move(value).error();
        out.append(*value);
        text.remove_prefix(ref.end);
    }
}

}  // namespace stipend::http
