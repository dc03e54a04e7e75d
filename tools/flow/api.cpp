#include "tools/flow/api.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "host/base/printable.hpp"
#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/http/exchange.hpp"
#include "host/http/manager_url.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::flow {
namespace {

constexpr std::size_t most_answer_bytes = 16U << 20;
constexpr std::size_t most_key_bytes = 4'096;
constexpr std::uint32_t patience_ms = 30'000;
constexpr std::uint32_t one_stream_ms = 86'400'000;  // then the next one goes on
constexpr std::uint64_t most_stream_bytes = std::uint64_t{1} << 40;

Result<std::string> first_line(std::istream& in, const std::string& name) {
    std::string out;
    for (char c = 0; in.get(c) && c != '\n';) {
        if (out.size() == most_key_bytes) {
            return fail(STIPEND_E_INVALID, "--key: the first line of ", name, " is longer than ", most_key_bytes,
                        " bytes");
        }
        out += c;
    }
    return out;
}

Result<std::string> read_key(const std::string& file) {
    if (file == "-") return first_line(std::cin, "standard input");
    if (!file.empty()) {
        std::ifstream in(file, std::ios::binary);
        if (!in) return fail(STIPEND_E_INVALID, "--key: cannot read ", printable_line(file));
        return first_line(in, printable_line(file));
    }
    const char* given = std::getenv("STIPEND_API_KEY");
    if (given != nullptr && *given != '\0') return std::string(given);
    return fail(STIPEND_E_INVALID,
                "no key: want --key FILE, or STIPEND_API_KEY in the environment; `stipend api-key add NAME --role "
                "viewer` makes one");
}

// Is the diagnostic about what is read here?
bool matters(const config::Diagnostic& diagnostic) {
    const std::string_view path = diagnostic.path;
    return path.empty() || path.starts_with("listen") || path.starts_with("api.tls") || path.starts_with("role");
}

// An address that listens on all is reached by the one of this machine.
std::string reached_at(const std::string& listen) {
    for (const auto& [all, own] : {std::pair{"0.0.0.0:", "127.0.0.1:"}, std::pair{"[::]:", "[::1]:"}}) {
        if (listen.starts_with(all)) return own + listen.substr(std::string_view(all).size());
    }
    return listen;
}

}  // namespace

Result<std::string> local_url(const std::string& config_file) {
    const config::ProcessEnvironment environment;
    config::Diagnostics diagnostics;
    const auto loaded = config::load(config_file, environment, diagnostics);
    for (const auto& one : diagnostics.sorted()) {
        if (matters(one)) return fail(STIPEND_E_CONFIG, diagnostics.text());
    }
    const auto& settings = loaded.settings;
    const auto file = printable_line(config_file);
    if (settings.role == config::Role::worker) {
        return fail(STIPEND_E_CONFIG, file, " is the configuration of a worker; want that of a manager, or --url");
    }
    const auto& listen = settings.api_listen;
    if (listen.empty() || listen == "none" || listen.ends_with(":0")) {
        return fail(STIPEND_E_CONFIG, file, ": listen.api: got ", listen.empty() ? "nothing" : listen,
                    ", want an address with a port; or give --url");
    }
    return cat(settings.api.tls_certificate.empty() ? "http://" : "https://", reached_at(listen));
}

Api::Api(std::string url, std::string ca, std::string key)
    : url_(std::move(url)), ca_(std::move(ca)), key_(std::move(key)) {}

Api::~Api() = default;

Result<std::unique_ptr<Api>> Api::create(const Target& target) {
    auto url = target.url;
    if (url.empty()) STIPEND_SET(url, local_url(target.config_file));
    while (url.ends_with('/')) url.pop_back();
    STIPEND_TRY(http::check_manager_url(url, target.plain_http));
    STIPEND_LET(key, read_key(target.key_file));
    if (key.ends_with('\r')) key.pop_back();
    STIPEND_TRY(http::check_manager_key(key));
    std::unique_ptr<Api> self(new Api(std::move(url), target.ca, std::move(key)));
    STIPEND_SET(self->client_,
                http::CurlClient::create(
                    {.secrets = [api = self.get()](std::string_view) -> Result<std::string> { return api->key_; }}));
    return self;
}

http::HttpRequest Api::request(const std::string& path) const {
    http::HttpRequest out;
    out.url = url_ + path;
    out.headers = "Authorization: Bearer ${secret:key}\r\n";
    out.ca_file = ca_;
    out.timeout_ms = patience_ms;
    out.max_response_bytes = most_answer_bytes;
    return out;
}

namespace {

// What a refusal says.
Error refusal(const std::string& url, int status, const std::string& body) {
    const auto json = parse_json(body, {.bytes = most_answer_bytes, .depth = 8, .nodes = 1'000});
    const auto* detail = json ? json->find("detail") : nullptr;
    const bool later = status == 429 || status >= 500;
    return fail(later ? STIPEND_E_UNAVAILABLE : STIPEND_E_INVALID, url, " answered with status ", status,
                detail == nullptr ? std::string() : ": " + printable_line(clip(detail->text(), 400)));
}

Error no_answer(const std::string& url, const Error& why) {
    return fail(STIPEND_E_UNAVAILABLE, "no manager answers at ", url, ": ", why.message);
}

}  // namespace

Result<Json> Api::get(const std::string& path) const {
    const auto got = http::exchange(*client_, request(path));
    if (!got) return no_answer(url_, got.error());
    if (got->status != 200) return refusal(url_, got->status, got->body);
    return parse_json(got->body, {.bytes = most_answer_bytes, .depth = 32, .nodes = 1'000'000});
}

Result<std::uint64_t> Api::follow(Events events) const {
    struct State {
        Events events;
        EventParser parser;
        bool opened = false;
        std::string refused;  // the body of another status
    };
    auto state = std::make_shared<State>(State{events, EventParser(events.on_event), false, {}});
    auto wanted = request("/api/v1/events");
    wanted.timeout_ms = one_stream_ms;
    wanted.max_response_bytes = most_stream_bytes;
    http::HttpCallbacks callbacks;
    callbacks.on_part = [state](const http::HttpResponse& head, std::string_view part) -> Result<void> {
        if (head.status != 200) {
            state->refused += part.substr(0, most_key_bytes);
            return {};
        }
        if (!state->opened && state->events.on_open) state->events.on_open();
        state->opened = true;
        return state->parser.take(part);
    };
    callbacks.on_done = [state, url = url_](std::uint64_t, Result<void>&& result, http::HttpResponse&& response) {
        if (result && response.status != 200)
            return state->events.on_end(refusal(url, response.status, state->refused));
        if (result) return state->events.on_end(fail(STIPEND_E_UNAVAILABLE, "the manager closed the connection"));
        state->events.on_end(response.status == 0 ? no_answer(url, result.error()) : result.error());
    };
    return client_->send(std::move(wanted), std::move(callbacks));
}

void Api::cancel(std::uint64_t stream) const {
    client_->cancel(stream);
}

void Api::stop() const {
    client_->stop();
}

Result<void> EventParser::take(std::string_view part) {
    text_ += part;
    std::size_t begin = 0;
    for (auto end = text_.find("\n\n"); end != std::string::npos; end = text_.find("\n\n", begin)) {
        STIPEND_TRY(take_event(std::string_view(text_).substr(begin, end - begin)));
        begin = end + 2;
    }
    text_.erase(0, begin);
    if (text_.size() > longest_event) return fail(STIPEND_E_LIMIT, "an event is longer than ", longest_event, " bytes");
    return {};
}

Result<void> EventParser::take_event(std::string_view lines) {
    std::string name;
    std::string_view data;
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        if (line.starts_with("event: ")) name = line.substr(7);
        if (line.starts_with("data: ")) data = line.substr(6);
    }
    if (name.empty()) return {};
    auto json = parse_json(data, {.bytes = longest_event, .depth = 16, .nodes = 10'000});
    if (!json) return std::move(json.error()).in("an event of the manager");
    sink_(std::move(name), std::move(*json));
    return {};
}

}  // namespace stipend::flow
