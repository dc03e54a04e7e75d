// The host's own door: a unix socket in the state folder, for the commands that ask or steer a running host. Whoever
// may open the file may use it; it belongs to the host's user alone.
#pragma once

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

    // Has `work` answer on the server's own worker, one request after the other: it may block.
    Result<void> route(const char* method, const char* path, Work work);

  private:
    ControlServer();

    plugin::WorkerPool pool_;
    std::shared_ptr<plugin::Strand> strand_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace stipend::api
