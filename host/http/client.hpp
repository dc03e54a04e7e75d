// The HTTP client as the rest of the host uses it: values in, values out, one callback at the end. Tests script their
// own; the real one is in curl_client.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::http {

enum class TlsMode : std::uint8_t {
    verify,  // the chain up to a trusted root, and the name
    pinned,  // exactly this certificate: chain, name and dates are not checked
    none,    // any certificate; a configuration that allows this must say so
};

// The step in which an exchange is, or ended. Numbered as in the plugin ABI.
enum class Phase : std::uint8_t {
    resolve = 1,  // waiting for a free connection, or for the name's address
    connect = 2,  // establishing the TCP connection
    tls = 3,      // in the TLS handshake
    sent = 4,     // connected: the request is being sent, or was; no complete head yet
    head = 5,     // the head was read, the body is incomplete
    done = 6,
};

// Why an exchange failed. Numbered as in the plugin ABI, which describes the values.
enum class Cause : std::uint8_t {
    none = 0,
    other = 1,
    local = 2,
    resolve = 3,
    refused = 4,
    reset = 5,
    certificate = 6,
};

// An e-mail, sent by SMTP (RFC 5321) instead of an HTTP request: see mail.hpp.
struct Mail {
    std::string from = {};             // addresses, without names and brackets
    std::vector<std::string> to = {};  // the server has to take all of them
    std::string user = {};             // both or none
    std::string password = {};
    bool plain = false;  // without TLS: to this machine only
};

struct HttpRequest {
    std::string method = "GET";
    std::string url = {};          // http or https, without user name and password
    std::string headers = {};      // "Name: value\r\n" lines; `${secret:NAME}` in a value is filled in before sending
    std::string body = {};         // sent with any method but HEAD
    std::string unix_socket = {};  // path of the socket to connect to; empty for TCP
    std::string ca_file = {};      // a PEM bundle instead of the client's, for TlsMode::verify; empty: the client's
    // Paths of the client's own certificate with its chain and of its key (PEM, no passphrase); both or none.
    std::string client_cert_file = {};
    std::string client_key_file = {};
    std::string pin_sha256 = {};        // hex SHA-256 of the server's certificate (DER), colons allowed; empty for none
    std::uint32_t timeout_ms = 10'000;  // for the whole exchange, including the wait for a connection; not 0
    std::uint64_t max_response_bytes = 1'048'576;  // of the body, decoded; a longer one ends with LIMIT
    std::uint32_t max_header_bytes = 64 << 10;     // of all heads of the exchange together
    std::uint32_t max_redirects = 0;               // 0: a redirect is returned like any other response
    TlsMode tls = TlsMode::verify;
    bool connect_only = false;      // connect (with the handshake, for https) and send nothing
    bool untrusted_target = false;  // the URL comes from another party: see ssrf_guard.hpp
    bool public_target = false;     // and was registered by it: private networks are refused as well
    // Then `url` is smtps://host:port, or smtp://host:port, where TLS begins by STARTTLS and is a must; `body` is the
    // message by RFC 5322; and only `timeout_ms` and `ca_file` count beside them. Never by the proxy.
    std::shared_ptr<const Mail> mail = {};

    [[nodiscard]] bool is_untrusted() const { return untrusted_target || public_target; }
};

struct HttpResponse {
    int status =
        0;  // 0 before a status line was read; of a mail, the last code of its server, or the first that refuses
    Phase phase = Phase::resolve;
    Cause cause = Cause::none;
    std::string headers = {};        // "name: value\r\n" lines, names in lower case, of the last response
    std::string peer = {};           // "address:port" or "unix:path" that the request went to; empty before that
    std::string body = {};           // what arrived, even if the exchange then failed; empty when streamed; decoded
                                     // where `Content-Encoding` is gzip or deflate, though none was asked for
    std::string tls_sha256 = {};     // hex SHA-256 of the server's certificate; empty without TLS
    std::int64_t tls_not_after = 0;  // when the server's certificate expires, unix nanoseconds; 0 without TLS
    std::int64_t connect_ns = 0;     // connection ready (TLS included), since `send`; 0 where it never was
    std::int64_t first_byte_ns = 0;  // first line of a response
    std::int64_t total_ns = 0;
};

struct HttpCallbacks {
    // The end, exactly once, on the client's thread; must not block or throw. `result` is an error of these:
    //   TIMEOUT, CANCELLED; LIMIT: body or head too large, too many redirects; INVALID: an untrusted target that leads
    //   to a forbidden address; UNAVAILABLE: refused, reset, not resolved, bad certificate, a response that breaks HTTP
    //   or ends early, no memory or descriptor left; or the error of the secrets' resolver or of `on_part`.
    // An HTTP status of 4xx or 5xx is a success here. `op` is the number that `send` returns.
    std::function<void(std::uint64_t op, Result<void>&& result, HttpResponse&& response)> on_done = {};
    // Optional: receives each part of the body as it arrives, never an empty one, on the client's thread; `head` is the
    // response so far, without body. An error ends the transfer with it.
    std::function<Result<void>(const HttpResponse& head, std::string_view part)> on_part = {};
};

class HttpClient {
  public:
    virtual ~HttpClient() = default;

    // Starts an exchange and returns the operation's number, never 0 and never used again. [any thread] `on_done`
    // follows, never from inside this call. On an error nothing was started and nothing follows: INVALID (bad URL,
    // method, header, pin), LIMIT (too many exchanges, or a request that is too large), STATE (stopped).
    [[nodiscard]] virtual Result<std::uint64_t> send(HttpRequest request, HttpCallbacks callbacks) = 0;

    // Ends an exchange early; its `on_done` still follows, with CANCELLED unless it was over already. [any thread]
    // An operation that is over, or never was, is ignored.
    virtual void cancel(std::uint64_t op) = 0;
};

}  // namespace stipend::http
