// Requests and replies as values: what the protocol logic takes and gives, without a socket in sight.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stipend::devnet {

// An HTTP request, with the few headers that any route of the devnet reads. Absent headers are empty.
struct Request {
    std::string method = {};
    std::string path = {};  // without the query
    std::string query = {};
    std::string livepeer = {};                                      // Livepeer
    std::string eth_address = {};                                   // Livepeer-Eth-Address
    std::string capability = {};                                    // Livepeer-Capability
    std::string payment = {};                                       // Livepeer-Payment
    std::string authorization = {};                                 // Authorization
    std::string content_type = {};                                  // Content-Type
    std::string payer = {};                                         // Livepeer-Payer-Address
    std::string segment = {};                                       // Livepeer-Segment
    std::vector<std::pair<std::string, std::string>> headers = {};  // end to end; of live runners and the signer only
    std::string body = {};
};

// What follows the first part of a reply: `unit` again and again until `bytes` are sent, a pause, then the end.
struct Flood {
    std::string unit = {};
    std::uint64_t bytes = 0;
    std::int64_t hold_ns = 0;  // the connection stays open for so long after the last of them
    bool drip = false;         // then a unit comes every now and then, instead of silence
    bool in_headers = false;   // the header section itself never ends
    bool finish = false;       // end as HTTP demands; otherwise the connection is just closed
};

struct Reply {
    enum class Shape : std::uint8_t {
        whole,   // as HTTP demands
        cut,     // half of the body, then the end of the connection
        closed,  // no reply at all: the connection is closed
        reset,   // no reply at all: the connection is reset
        silent,  // no reply at all: the connection stays open until the client or the idle limit ends it
    };

    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};  // in the order of the wire; no framing headers
    std::string body = {};
    Shape shape = Shape::whole;
    std::optional<Flood> flood = {};

    // The value of a header, or empty.
    [[nodiscard]] std::string_view header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (key == name) return value;
        }
        return {};
    }
    [[nodiscard]] bool streams() const {
        return header("Content-Type").find("text/event-stream") != std::string_view::npos;
    }
};

// Takes the one answer to a request; called exactly once, from any thread.
using Respond = std::function<void(Reply)>;

// An error as Go's http.Error writes it: the text and one newline, text/plain, nosniff.
[[nodiscard]] Reply http_error(int status, std::string_view text);
// The reply of a route with a JSON or plain body of its own.
[[nodiscard]] Reply typed_reply(int status, std::string content_type, std::string body);
// A reply that is nothing but the state of its connection.
[[nodiscard]] Reply shaped(Reply::Shape shape);
// What a Go mux answers to a path that it has no handler for.
[[nodiscard]] Reply not_found();
// `text` as a JSON string, with its quotes.
[[nodiscard]] std::string json_string(std::string_view text);
// What a Go mux answers before any handler: the redirect of a path with double slashes or dots, or of `subtree` (which
// ends in a slash) without its slash; none if the path needs none.
[[nodiscard]] std::optional<Reply> mux_redirect(const Request& request, std::string_view subtree);

// The Content-Type that a Go server writes for a body whose handler set none.
[[nodiscard]] std::string_view sniff_content_type(std::string_view body);
// "OK", "Bad Request": the reason phrase of a status, empty if unknown.
[[nodiscard]] std::string_view reason_phrase(int status);

// The head of a reply (status line to blank line) as a Go server writes it: own headers, then Date, Content-Length or
// Transfer-Encoding, then the sniffed type. `date` is an HTTP date.
[[nodiscard]] std::string head_text(const Reply& reply, std::string_view date, bool keep_alive);
// True if the body goes out in chunks: Go does so when it exceeds the writer's buffer, or when its end is not known.
[[nodiscard]] bool chunked(const Reply& reply);

}  // namespace stipend::devnet
