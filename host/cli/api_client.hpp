// Asks a manager over its API, from any machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/cli/context.hpp"
#include "stipend/json.hpp"

namespace stipend::cli {

// What the command line says of a manager.
struct ApiTarget {
    std::string url;       // such as https://payer.example:8010; empty: not over the API
    std::string key_file;  // its first line is an API key, a token or an own secret; "-": standard input; empty: what
                           // STIPEND_API_KEY holds
    std::string ca;        // PEM, instead of the system's authorities; empty: those
    bool plain_http = false;  // without TLS beyond this machine
};

class ApiClient {
  public:
    // INVALID: the URL is none, or would send the key unencrypted.
    [[nodiscard]] static Result<ApiClient> create(const ApiTarget& target);

    // UNAVAILABLE: no answer. INVALID, with what the manager said: any status but 200, 201 and 204. An answer without
    // a body is null.
    [[nodiscard]] Result<Json> ask(const std::string& method, const std::string& path,
                                   const std::optional<Json>& body = {}) const;

  private:
    ApiClient(ApiTarget target, std::string key) : target_(std::move(target)), key_(std::move(key)) {}
    ApiTarget target_;
    std::string key_;
};

}  // namespace stipend::cli
