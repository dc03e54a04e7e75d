// Asks a manager's API, and follows its events.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "host/http/curl_client.hpp"
#include "stipend/json.hpp"

namespace stipend::flow {

// As they are typed; empty is "not given".
struct Target {
    std::string config_file = "config.yaml";  // whose API listener is asked where there is no `url`
    std::string url;
    std::string key_file;  // its first line is an API key or a token; "-": standard input; empty: STIPEND_API_KEY
    std::string ca;        // PEM, instead of the system's authorities
    bool plain_http = false;
};

// The URL at which the host of that configuration serves its API on this machine. CONFIG: the configuration is wrong,
// or names no listener with a port.
[[nodiscard]] Result<std::string> local_url(const std::string& config_file);

// Any thread.
class Api {
  public:
    // INVALID: the URL is none, or would send the key unencrypted; or there is no key.
    [[nodiscard]] static Result<std::unique_ptr<Api>> create(const Target& target);
    ~Api();
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    [[nodiscard]] const std::string& url() const { return url_; }
    // Waits for the answer. UNAVAILABLE: none, or a status that may be another one later (429, 5xx). INVALID: another
    // status, with what the manager said.
    [[nodiscard]] Result<Json> get(const std::string& path) const;

    struct Events {
        std::function<void()> on_open;  // the manager accepted; optional
        std::function<void(std::string name, Json data)> on_event;
        std::function<void(Error why)> on_end;  // once
    };
    // Begins to follow events; the functions are called on a thread of the client. Returns what `cancel` takes.
    [[nodiscard]] Result<std::uint64_t> follow(Events events) const;
    void cancel(std::uint64_t stream) const;
    // Ends what waits; `on_end` is called before it returns. Later calls fail.
    void stop() const;

  private:
    Api(std::string url, std::string ca, std::string key);
    [[nodiscard]] http::HttpRequest request(const std::string& path) const;

    const std::string url_, ca_, key_;
    std::unique_ptr<http::CurlClient> client_;
};

// Takes a stream of server-sent events apart; one thread at a time.
class EventParser {
  public:
    static constexpr std::size_t longest_event = 1 << 20;
    using Sink = std::function<void(std::string name, Json data)>;
    explicit EventParser(Sink sink) : sink_(std::move(sink)) {}
    // LIMIT: an event is longer than `longest_event`. INVALID: its data is no JSON.
    [[nodiscard]] Result<void> take(std::string_view part);

  private:
    [[nodiscard]] Result<void> take_event(std::string_view lines);
    Sink sink_;
    std::string text_;
};

}  // namespace stipend::flow
