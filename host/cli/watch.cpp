// `stipend watch`: follows the events of a running host in a terminal.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <future>
#include <thread>

#include "host/base/printable.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/remote.hpp"
#include "host/http/curl_client.hpp"
#include "host/runtime/control_server.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::cli {
namespace {

constexpr auto try_again_after = std::chrono::seconds(1);
constexpr std::uint32_t one_connection_ms = 86'400'000;  // then the next one goes on
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 40;
constexpr std::size_t longest_event = 1 << 20;

void print_event(std::string_view name, const std::string& data) {
    const auto json = parse_json(data, {.bytes = longest_event, .depth = 8, .nodes = 10'000});
    if (!json) return fmt::print("{} {}\n", name, printable_line(data));
    const auto text = [&](std::string_view key) { return shown(*json, key); };
    if (name == "payment" && json->find("payment_id") != nullptr) {
        return fmt::print("{} {} manual payment: {} USD, {}, by {}\n", text("decided_at"), text("orchestrator"),
                          text("amount_usd"), text("call_type"), text("by"));
    }
    if (name == "payment") {
        return fmt::print("{} {} epoch {}: {} {}, {} USD, next {}: {}\n", text("decided_at"), text("orchestrator"),
                          text("epoch"), text("action"), text("tier"), text("amount_usd"), text("next_at"),
                          text("reason"));
    }
    if (name == "state") return fmt::print("{} is {}, was {}\n", text("orchestrator"), text("to"), text("from"));
    if (name == "alert") return fmt::print("alert {}: {}\n", text("id"), text("text"));
    if (name == "payout") {
        const auto reason = text("reason");
        return fmt::print("{} payout {} to {} is {}: {}{}\n", text("since"), text("payout"), text("orchestrator"),
                          text("state"), amount_of(*json, "amount_wei"), reason == "-" ? "" : ": " + reason);
    }
    if (name == "objection") {
        return fmt::print("{} objection to epoch {} is {}: {}\n", text("orchestrator"), text("epoch"), text("state"),
                          text(text("state") == "open" ? "text" : "answer"));
    }
    if (name == "gap") return fmt::print("gap behind {}: {}\n", text("after"), text("reason"));
}

// Takes a stream of events apart.
class Events {
  public:
    explicit Events(bool json) : json_(json) {}
    void take(std::string_view part) {
        text_ += part;
        for (auto end = text_.find("\n\n"); end != std::string::npos; end = text_.find("\n\n")) {
            take_event(std::string_view(text_).substr(0, end));
            text_.erase(0, end + 2);
        }
        std::fflush(stdout);
    }
    void begin() { text_.clear(); }
    [[nodiscard]] const std::string& last_id() const { return last_id_; }
    [[nodiscard]] bool too_long() const { return text_.size() > longest_event; }

  private:
    void take_event(std::string_view lines) {
        std::string name;
        std::string data;
        while (!lines.empty()) {
            const auto line = lines.substr(0, lines.find('\n'));
            lines.remove_prefix(std::min(lines.size(), line.size() + 1));
            if (line.starts_with("id: ")) last_id_ = line.substr(4);
            if (line.starts_with("event: ")) name = line.substr(7);
            if (line.starts_with("data: ")) data = line.substr(6);
        }
        if (name.empty()) return;
        if (!json_) return print_event(name, data);
        fmt::print("{{\"event\":\"{}\",\"id\":\"{}\",\"data\":{}}}\n", name, last_id_, data);
    }

    const bool json_;
    std::string text_, last_id_;
};

// Until the connection ends.
Result<void> follow(http::HttpClient& client, const std::string& socket, const WatchOptions& options, Events& events) {
    auto body = Json::object().append("orchestrator", options.orchestrator);
    body.append("after", events.last_id().empty() ? options.after : events.last_id());
    http::HttpRequest request;
    request.method = "POST";
    request.url = "http://stipend/events";
    request.headers = "Content-Type: application/json\r\n";
    request.body = body.dump();
    request.unix_socket = socket;
    request.timeout_ms = one_connection_ms;
    request.max_response_bytes = most_bytes;
    events.begin();
    std::string refused;
    std::promise<Result<void>> promise;
    auto done = promise.get_future();
    http::HttpCallbacks callbacks;
    callbacks.on_part = [&](const http::HttpResponse& head, std::string_view part) -> Result<void> {
        if (head.status != 200) {
            refused += part.substr(0, 4096);
            return {};
        }
        events.take(part);
        if (events.too_long()) return fail(STIPEND_E_LIMIT, "an event is too long");
        return {};
    };
    callbacks.on_done = [&](std::uint64_t, Result<void>&& result, http::HttpResponse&&) {
        promise.set_value(std::move(result));
    };
    STIPEND_TRY(client.send(std::move(request), std::move(callbacks)));
    auto result = done.get();
    if (refused.empty()) return result;
    const auto json = parse_json(refused);
    const auto* error = json ? json->find("error") : nullptr;
    return fail(STIPEND_E_INVALID, error == nullptr ? refused : error->text());
}

}  // namespace

int watch(const WatchOptions& options) {
    int found = exit_good;
    const auto settings = settings_for(Reads::place, options.common, found);
    if (!settings) return found;
    const auto socket = runtime::control_socket(settings->state).native();
    const auto client = http::CurlClient::create();
    if (!client) return print_error(client.error());
    Events events(options.common.json);
    for (bool connected = false;;) {
        const auto result = follow(**client, socket, options, events);
        connected = connected || !events.last_id().empty();
        if (!result && result.error().status == STIPEND_E_INVALID) return print_error(result.error());
        if (!connected) return print_error(fail(STIPEND_E_UNAVAILABLE, "no host answers at ", socket));
        std::this_thread::sleep_for(try_again_after);
    }
}

}  // namespace stipend::cli
