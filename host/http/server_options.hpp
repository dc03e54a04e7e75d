// Where an HTTP server listens, and its limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/http/response.hpp"

namespace stipend::http {

class ServerTls;

struct ServerOptions {
    std::string listen = {};              // "127.0.0.1:8010" or "[::1]:8010"; port 0 for one of the system's choice
    std::string unix_socket = {};         // a path instead; created with mode 0600
    std::shared_ptr<ServerTls> tls = {};  // none: plain HTTP
    ServerResponse (*error)(int status, std::string_view message) = error_response;  // what it answers itself [any]
    std::uint32_t max_header_bytes = 16 << 10;                                       // 431 beyond
    std::size_t max_connections = 1024;                                              // 503 beyond
    std::uint32_t idle_timeout_ms = 60'000;                                          // between requests; then closed
    std::uint32_t read_timeout_ms = 10'000;   // for a whole head, and for a whole body; then closed
    std::uint32_t write_timeout_ms = 30'000;  // for a whole answer; then closed
    std::uint32_t stop_timeout_ms = 5'000;    // how long `stop` waits for answers that are due
};

}  // namespace stipend::http
