// A request of the API as its handlers get it: path parameters and query decoded and checked, the body parsed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/access.hpp"
#include "host/base/ip_address.hpp"
#include "host/base/sha256.hpp"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::api {

// Decodes %XX, and nothing else. INVALID: a malformed one, or a byte that is no printable ASCII character, which no
// parameter has.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text);

// The parameters of a query, each once and of a name in `allowed`. INVALID, with the name.
using Query = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] Result<Query> parse_query(std::string_view text, std::span<const std::string_view> allowed);

// "/a/{id}/b" against "/a/x/b": the values by name; nothing where they differ. Segments are compared as they are
// written, so that an encoded slash or dot names nothing but itself.
using PathValues = std::map<std::string, std::string_view, std::less<>>;
[[nodiscard]] std::optional<PathValues> match_path(std::string_view pattern, std::string_view path);

struct Request {
    std::map<std::string, std::string, std::less<>> path;  // decoded
    Query query;
    Json body = Json::object();          // of a method that has one
    std::optional<Principal> principal;  // none: a public route
    IpAddress client;                    // where it comes from, behind trusted proxies
    std::string last_event_id;           // the header of that name; empty: none
    std::function<bool()> may_still;     // whether the credentials are still good for this; blocks on the disk
    bool relayed = false;                // by a proxy that is not trusted: `client` is that proxy
    std::string credential = {};         // of a route that checks it itself, where it proves no principal
    std::string idempotency_key = {};    // empty: none
    std::string if_match = {};           // the header of that name; empty: none
    std::string session = {};            // the cookie of a browser's session; empty: none
    bool https = false;                  // the client reaches the API by https
    Sha256 body_hash = {};               // of the body's bytes, of a method that has one

    // INVALID: not a whole number from `least` to `most`. `otherwise` where it is missing.
    [[nodiscard]] Result<std::int64_t> number(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                              std::int64_t most) const;
    // A member of the body. INVALID: missing, or no text of 1 to `most` bytes.
    [[nodiscard]] Result<std::string> text(std::string_view name, std::size_t most) const;
    // The same for one that may be missing or null: empty then.
    [[nodiscard]] Result<std::string> text_or_none(std::string_view name, std::size_t most) const;
    // A member that is an array of such texts. INVALID: missing where it is `required`, or anything else.
    [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view name, std::size_t most_items,
                                                         std::size_t most, bool required) const;
};

}  // namespace stipend::api
