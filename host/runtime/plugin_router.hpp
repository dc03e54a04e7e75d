// The listeners of this host by name, and which plugin instance answers which of their routes.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>

#include "host/http/route_host.hpp"
#include "host/http/server.hpp"
#include "host/plugin/services.hpp"

namespace stipend::runtime {

class PluginRouter final : public plugin::RouteTable {
  public:
    // Opens the listener `name` at `address` ("127.0.0.1:9876"), on `thread` or on one of its own; without `tls` by
    // plain HTTP.
    Result<void> listen(const std::string& name, const std::string& address, http::ServerThread* thread = nullptr,
                        std::shared_ptr<http::ServerTls> tls = {});
    // The listener `name` is one of the role's own, which outlives this.
    void attach(const std::string& name, http::RouteHost& host) { hosts_[name] = &host; }
    // Where it listens; empty: no such listener.
    [[nodiscard]] std::string address_of(const std::string& name) const;
    // Takes no more requests; those under way are answered. The routes stay, and are served no more.
    void close();

    Result<void> check(std::string_view owner, std::string_view listener, std::string_view method,
                       std::string_view path) override;
    Result<std::uint64_t> mount(std::string_view owner, std::string_view listener, std::string_view method,
                                std::string_view path, Handler handler) override;
    void unmount(std::uint64_t mount) override;

  private:
    struct Key {
        std::string listener, method, path;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    // The handler at present. Shared with the server's handler, which holds the lock while it calls.
    struct Place {
        std::shared_mutex mutex;
        std::uint64_t mount = 0;  // 0: none
        Handler handler;
        std::string owner;
    };
    Result<std::shared_ptr<Place>> place(std::string_view owner, const Key& key);

    std::map<std::string, std::unique_ptr<http::Server>> servers_;
    std::map<std::string, http::RouteHost*> hosts_;
    std::map<Key, std::shared_ptr<Place>> places_;
    std::uint64_t last_mount_ = 0;
};

}  // namespace stipend::runtime
