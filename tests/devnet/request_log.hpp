// The last requests to the routes of live runners and to the remote signer, as they came: what a client sends can be
// compared with what is expected of it, member by member.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stipend/json.hpp"
#include "tests/devnet/message.hpp"

namespace stipend::devnet {

// Text that came from a client, as a JSON string: what is not UTF-8 would not be JSON either.
[[nodiscard]] Json of_foreign(std::string text);

// Not thread-safe: the Network calls it under its lock.
class RequestLog {
  public:
    static constexpr std::size_t max_requests = 1000;  // the oldest go first
    static constexpr std::size_t max_body = 4096;      // of which the beginning is kept

    // `to`: "signer", or the orchestrator's number.
    void note(std::string to, const Request& request);
    // The last `limit` requests, oldest first, and how many there were in all.
    [[nodiscard]] Json json(std::size_t limit) const;

  private:
    struct Noted {
        std::string to, method, path, query;
        std::vector<std::pair<std::string, std::string>> headers;
        std::string body;
    };
    std::deque<Noted> noted_;
    std::uint64_t total_ = 0;
};

}  // namespace stipend::devnet
