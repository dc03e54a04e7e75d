// The control socket: a unix socket in the state folder, for the commands that query or control a running host. Access
// is by the file's rights; it belongs to the host's user alone.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "host/base/lane.hpp"
#include "host/http/server.hpp"
#include "stipend/json.hpp"

namespace stipend::runtime {

[[nodiscard]] std::filesystem::path control_socket(const std::string& state_folder);

// Answers are JSON; {"error"} and a status of 409 where a request is refused.
class ControlServer {
  public:
    using Work = std::function<Result<Json>(const Json& body)>;

    // What runs the routes of a kind, one request after the other; work on it may block.
    struct Lanes {
        std::shared_ptr<Lane> serial, quick, slow;
    };
    // Listens on `thread`. CONFLICT where another host answers at the socket.
    static Result<std::unique_ptr<ControlServer>> create(const std::string& state_folder, http::ServerThread& thread,
                                                         Lanes lanes);
    ~ControlServer();  // when no work of its routes runs any more
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    Result<void> route(const char* method, const char* path, Work work);
    // For work that takes no longer than asking the control thread and the ledger: answered while another route works.
    Result<void> quick_route(const char* method, const char* path, Work work);
    // For work that may take hours: other routes are answered meanwhile. It ends early once `stopping`.
    Result<void> slow_route(const char* method, const char* path, Work work);
    // For an answer that goes on until the client closes the connection; `open` is quick work.
    using Open = std::function<Result<std::shared_ptr<http::BodyStream>>(const Json& body)>;
    Result<void> stream_route(const char* method, const char* path, Open open);
    // Accepts no more requests, answers those that run, drops those that wait. Work that runs may end later.
    void stop();
    // [any]
    [[nodiscard]] bool stopping() const { return stopping_; }

  private:
    explicit ControlServer(Lanes lanes) : lanes_(std::move(lanes)) {}
    Result<void> add(const char* method, const char* path, Work work, std::shared_ptr<Lane> lane,
                     std::uint32_t deadline_ms);

    std::atomic<bool> stopping_ = false;
    const Lanes lanes_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace stipend::runtime
