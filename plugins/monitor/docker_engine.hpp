// The address of a Docker Engine, and requests to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "docker_answers.hpp"
#include "stipend/host.hpp"

namespace monitor::docker {

struct Engine {
    std::string url;          // "http://host:port" without a path
    std::string unix_socket;  // path; empty for TCP
    std::string shown;        // as in the configuration
};

// "unix:///path", or "tcp://host:port" (http:// is the same). INVALID otherwise.
stipend::Result<Engine> parse_engine(std::string_view text);

// Requests `path`, such as "/v1.41/containers/json". `done` and `part` are those of Host::http.
stipend::Result<stipend_op> ask(stipend::Host host, const Engine& engine, const std::string& path,
                                std::uint32_t timeout_ms, std::uint64_t max_bytes, stipend::Host::HttpDone done,
                                stipend::Host::HttpPart part = {});

// An error unless the response is complete and has status 200.
stipend::Result<void> check_answer(const std::string& path, const stipend::HttpReply& reply);

// The message for a response that cannot be parsed.
std::string unreadable(const std::string& path, const stipend::Error& error);

}  // namespace monitor::docker
