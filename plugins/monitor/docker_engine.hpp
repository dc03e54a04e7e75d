// The address of a Docker Engine, and requests to it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "docker_answers.hpp"
#include "stipend/config.hpp"
#include "stipend/host.hpp"

namespace monitor::docker {

struct Engine {
    std::string url;          // "http://host:port" or "https://host:port" without a path
    std::string unix_socket;  // path; empty for TCP
    std::string shown;        // as in the configuration
    std::int32_t tls_mode = STIPEND_TLS_VERIFY;
    std::string ca_file;  // the roots for TLS; empty without
    // The certificate by which this client is known to the engine, and its key; empty without.
    std::string cert_file, key_file;
};

// The value of an environment variable; empty where it is not set.
using Variable = std::function<std::string(const char* name)>;

// The engine of `engine`, `tls_verify` and `cert_path`, each read from DOCKER_HOST, DOCKER_TLS_VERIFY and
// DOCKER_CERT_PATH where it is missing: "unix:///path", "tcp://host:port" (http:// is the same), or https://. An error
// where the address is none of these or a file of the certificates cannot be read.
stipend::Result<Engine> read_engine(const stipend::ConfigView& config, const Variable& variable);

// Requests `path`, such as "/v1.41/containers/json". `done` and `part` are those of Host::http.
stipend::Result<stipend_op> ask(stipend::Host host, const Engine& engine, const std::string& path,
                                std::uint32_t timeout_ms, std::uint64_t max_bytes, stipend::Host::HttpDone done,
                                stipend::Host::HttpPart part = {});

// An error unless the response is complete and has status 200.
stipend::Result<void> check_answer(const std::string& path, const stipend::HttpReply& reply);

// The message for a response that cannot be parsed.
std::string unreadable(const std::string& path, const stipend::Error& error);

}  // namespace monitor::docker
