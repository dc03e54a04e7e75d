// A body that is handed over as it comes, on its way from the HTTP client's thread to a plugin's strand. The client
// never waits for a plugin: parts are copied and queued, and a plugin that is too slow loses its transfer instead.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "host/base/executor.hpp"
#include "host/http/client.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

class PartStream : public std::enable_shared_from_this<PartStream> {
  public:
    // What parts may wait for the plugin, in bytes; each counts a little more than it holds.
    static constexpr std::size_t max_waiting = 1 << 20;
    static constexpr std::size_t part_overhead = 256;

    // Gives a part to the plugin, on the strand. Anything but OK ends the transfer.
    using Deliver = std::function<stipend_status(const http::HttpResponse& head, std::string_view part)>;

    PartStream(std::shared_ptr<Strand> strand, Deliver deliver, http::HttpClient& client)
        : strand_(std::move(strand)), deliver_(std::move(deliver)), client_(client) {}

    // Queues a copy of `part`. On the client's thread; an error ends the transfer with it: LIMIT where too much waits,
    // or what the plugin refused an earlier part with.
    Result<void> take(const http::HttpResponse& head, std::string_view part);

    // The exchange has its number now; before that it cannot be cancelled. [any thread]
    void begun(std::uint64_t op);

    // How the exchange ended, for the plugin: `result`, unless the plugin itself ended it. On the strand, posted after
    // the last part.
    [[nodiscard]] Result<void> outcome(Result<void> result) const;

  private:
    void deliver(std::string_view part);

    const std::shared_ptr<Strand> strand_;
    const Deliver deliver_;
    http::HttpClient& client_;
    std::shared_ptr<const http::HttpResponse> head_;  // written by the first `take`, before its part is posted

    mutable std::mutex mutex_;
    std::size_t waiting_ = 0;       // guarded by mutex_
    std::uint64_t op_ = 0;          // guarded by mutex_: 0 until `begun`
    std::optional<Error> refusal_;  // guarded by mutex_: the plugin's own
};

}  // namespace stipend::plugin
