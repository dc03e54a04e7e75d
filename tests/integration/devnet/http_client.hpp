// A client for the tests: libcurl for whole answers, a bare socket where the raw bytes matter.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stipend::devnet {

struct Answer {
    int error = 0;  // libcurl's code; 0: a whole answer came
    int status = 0;
    std::map<std::string, std::string> headers = {};
    std::string body = {};
    std::string certificate = {};  // of a TLS server, PEM

    [[nodiscard]] std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? std::string() : found->second;
    }
};

struct Ask {
    std::string url = {};
    std::string method = "POST";
    std::vector<std::string> headers = {};
    std::string body = {};
    long timeout_ms = 10'000;
    std::size_t max_bytes = 1 << 30;  // of head and body together; more ends the transfer with an error
};

[[nodiscard]] Answer fetch(const Ask& ask);

// Sends bytes to http://host:port of `url` and returns all that comes until the connection ends.
[[nodiscard]] std::string raw_exchange(const std::string& url, std::string_view bytes);

// A connection that sends and then goes away without reading.
void send_and_leave(const std::string& url, std::string_view bytes, std::chrono::milliseconds stay);

}  // namespace stipend::devnet
