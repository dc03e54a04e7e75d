// The dispatcher's yardstick: libcurl's multi interface sends prepared requests, and does nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::bench {

struct BareRequest {
    std::vector<std::string> headers;
    std::string body;
};

// How the loop waits for its sockets: by curl_multi_perform and curl_multi_poll, as libcurl's own examples do, or by
// curl_multi_socket_action and epoll, which touches only the sockets that are ready.
enum class Waiting { poll, epoll };

class BareLoop {
  public:
    BareLoop(const std::string& url, const std::vector<BareRequest>& requests, std::size_t concurrency,
             Waiting waiting);
    ~BareLoop();
    BareLoop(const BareLoop&) = delete;
    BareLoop& operator=(const BareLoop&) = delete;

    // POSTs `count` of the requests in turn, `concurrency` at once on kept connections. Returns how many were answered
    // with status 200 and a body.
    std::uint64_t run(std::uint64_t count);

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace stipend::bench
