// The host's own door: a unix socket in the state folder, for the commands that ask or steer a running host. Whoever
// may open the file may use it; it belongs to the host's user alone.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "host/api/reloader.hpp"
#include "host/engine/runtime.hpp"
#include "host/http/server.hpp"
#include "host/plugin/executor.hpp"

namespace stipend::api {

[[nodiscard]] std::filesystem::path control_socket(const std::string& state_folder);

// GET /status; POST /reload {"accept_spend","undo","check"};
// POST /adjust {"orchestrator","from","to","reason","usd","by"}.
// Answers are JSON; {"error"} and a status of 4xx where something is refused.
class ControlServer {
  public:
    using Reload = std::function<ReloadReport(const ReloadRequest&)>;
    // CONFLICT where another host answers at the socket. `runtime` outlives it; `reload` is called on its worker.
    static Result<std::unique_ptr<ControlServer>> create(engine::Runtime& runtime, const std::string& state_folder,
                                                         Reload reload);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

  private:
    ControlServer(engine::Runtime& runtime, Reload reload);
    Result<void> add_routes();
    // Answers on the worker, since the server's own thread must not wait.
    Result<void> route(const char* method, const char* path, std::function<Result<Json>(const Json&)> work);

    engine::Runtime& runtime_;
    Reload reload_;
    plugin::WorkerPool pool_;
    std::shared_ptr<plugin::Strand> strand_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace stipend::api
