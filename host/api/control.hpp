// The host's own door: a unix socket in the state folder, for the commands that ask or steer a running host. Whoever
// may open the file may use it; it belongs to the host's user alone.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "host/http/server.hpp"
#include "host/plugin/executor.hpp"
#include "stipend/json.hpp"

namespace stipend::api {

[[nodiscard]] std::filesystem::path control_socket(const std::string& state_folder);

// Answers are JSON; {"error"} and a status of 409 where something is refused.
class ControlServer {
  public:
    using Work = std::function<Result<Json>(const Json& body)>;

    // CONFLICT where another host answers at the socket.
    static Result<std::unique_ptr<ControlServer>> create(const std::string& state_folder);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // Has `work` answer on a worker of the server's own, one request after the other: it may block.
    Result<void> route(const char* method, const char* path, Work work);
    // The same for what may take hours; other routes are answered meanwhile. It ends early once `stopping`.
    Result<void> slow_route(const char* method, const char* path, Work work);
    // The server is going. [any]
    [[nodiscard]] bool stopping() const { return stopping_; }

  private:
    ControlServer();
    Result<void> add(const char* method, const char* path, Work work, std::shared_ptr<plugin::Strand> strand,
                     std::uint32_t deadline_ms);

    std::atomic<bool> stopping_ = false;
    plugin::WorkerPool pool_;
    std::shared_ptr<plugin::Strand> strand_;
    std::shared_ptr<plugin::Strand> slow_strand_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace stipend::api
