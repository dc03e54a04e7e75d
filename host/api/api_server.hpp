// The listener of the manager's API: one table of routes, with permissions, rates and parameters.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/api/access.hpp"
#include "host/api/plugin_pages.hpp"
#include "host/api/rate_limit.hpp"
#include "host/api/reply.hpp"
#include "host/api/request.hpp"
#include "host/base/thread_pool.hpp"
#include "host/base/time.hpp"
#include "host/http/server.hpp"
#include "host/http/server_tls.hpp"

namespace stipend::api {

// Runs on a lane of the API's own; may block for some milliseconds.
using Handler = std::function<Reply(const Request&)>;

struct ApiRoute {
    std::string method;
    std::string path;                            // "/api/v1/things/{id}"
    std::optional<auth::Permission> permission;  // none: public
    RateClass rate = RateClass::read;
    std::vector<std::string_view> query = {};  // the names of its parameters; literals
    Handler handler;
    // A credential that is neither a token nor an API key reaches the handler, which checks it: the secret of an
    // orchestrator, or the common one. Of a public route: any credential, or none.
    bool by_secret = false;
    bool own = false;                         // an orchestrator may read it of itself: see `open_to_owners`
    std::uint64_t max_body_bytes = 64 << 10;  // 413 beyond; at most that of the server
};

struct ApiOptions {
    std::string listen;
    std::vector<IpRange> trusted_proxies = {};  // whose X-Forwarded-For is believed
    http::TlsFiles tls = {};                    // without a certificate: plain HTTP
    // http(s)://host:port of the host's own pages; requests of other pages change nothing. Empty: the address that Host
    // names.
    std::string origin = {};
    const PluginPages* pages = nullptr;  // of plugins on this listener; outlives the server
    // Gets what an instance's answers may not have, once for each instance. [any thread]
    std::function<void(std::string_view instance, std::string_view text)> misbehaved = {};
    std::function<bool(const Principal&)> still_owner = {};  // whether a login of an orchestrator still counts
};

class ApiServer {
  public:
    static constexpr std::size_t max_waiting = 256;            // requests; 503 beyond
    static constexpr std::size_t max_logins_waiting = 32;      // 503 beyond
    static constexpr std::uint64_t max_body_bytes = 80 << 10;  // of any route

    // Listens on `thread`; handlers run on lanes of `threads`. `log` gets refusals, on any thread; all outlive the
    // server.
    [[nodiscard]] static Result<std::unique_ptr<ApiServer>> create(ApiOptions options, Access& access,
                                                                   const Clock& clock,
                                                                   std::function<void(const std::string&)> log,
                                                                   std::vector<ApiRoute> routes,
                                                                   http::ServerThread& thread, ThreadPool& threads);
    ~ApiServer();
    ApiServer(const ApiServer&) = delete;
    ApiServer& operator=(const ApiServer&) = delete;

    [[nodiscard]] const std::string& address() const;
    [[nodiscard]] const std::vector<ApiRoute>& routes() const;
    void stop();

  private:
    struct State;
    explicit ApiServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
    const std::shared_ptr<State> state_;
};

// Login, renewal and logout.
[[nodiscard]] std::vector<ApiRoute> auth_routes(Access& access, const Clock& clock,
                                                const std::function<void(const std::string&)>& log);

}  // namespace stipend::api
