#include "host/cli/api_client.hpp"

#include <array>
#include <cstdlib>
#include <future>

#include "host/base/printable.hpp"
#include "host/cli/password_input.hpp"
#include "host/http/curl_client.hpp"
#include "stipend/ascii.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t most_answer_bytes = 16u << 20;
constexpr std::uint32_t api_patience_ms = 60'000;

bool is_on_this_machine(std::string_view url) {
    static constexpr std::array<std::string_view, 3> hosts{"http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (const auto host : hosts) {
        if (!url.starts_with(host)) continue;
        const auto rest = url.substr(host.size());
        if (rest.empty() || rest.front() == ':' || rest.front() == '/') return true;
    }
    return false;
}

Result<std::string> read_key(const std::string& file) {
    if (!file.empty()) return read_password(file);
    const char* given = std::getenv("STIPEND_API_KEY");
    if (given != nullptr && *given != '\0') return std::string(given);
    return fail(STIPEND_E_INVALID, "no key: want --key FILE, or STIPEND_API_KEY in the environment");
}

}  // namespace

std::string url_part(std::string_view text) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return out;
}

Result<ApiClient> ApiClient::create(const ApiTarget& target) {
    const bool plain = target.url.starts_with("http://");
    if (!plain && !target.url.starts_with("https://")) {
        return fail(STIPEND_E_INVALID, "--url: got \"", printable_line(clip(target.url, 90)),
                    "\", want one with https://");
    }
    if (plain && !target.plain_http && !is_on_this_machine(target.url)) {
        return fail(STIPEND_E_INVALID, "--url: got ", printable_line(clip(target.url, 90)),
                    ", which sends the key unencrypted; want https://, or --plain-http where the network is trusted");
    }
    STIPEND_LET(key, read_key(target.key_file));
    if (key.empty() || key.find_first_of("\r\n") != std::string::npos) {
        return fail(STIPEND_E_INVALID, "the key is empty or no single line");
    }
    auto wanted = target;
    while (wanted.url.ends_with('/')) wanted.url.pop_back();
    return ApiClient(std::move(wanted), std::move(key));
}

Result<Json> ApiClient::ask(const std::string& method, const std::string& path, const std::optional<Json>& body) const {
    STIPEND_LET(client, http::CurlClient::create(
                            {.secrets = [this](std::string_view) -> Result<std::string> { return key_; }}));
    struct Answer {
        Result<void> result;
        http::HttpResponse response;
    };
    std::promise<Answer> promise;
    auto answer = promise.get_future();
    http::HttpRequest request;
    request.method = method;
    request.url = target_.url + path;
    request.headers = "Authorization: Bearer ${secret:key}\r\nAccept: application/json\r\n";
    if (body) {
        request.headers += "Content-Type: application/json\r\n";
        request.body = body->dump();
    }
    request.ca_file = target_.ca;
    request.timeout_ms = api_patience_ms;
    request.max_response_bytes = most_answer_bytes;
    http::HttpCallbacks callbacks;
    callbacks.on_done = [&promise](std::uint64_t, Result<void>&& result, http::HttpResponse&& response) {
        promise.set_value({std::move(result), std::move(response)});
    };
    STIPEND_TRY(client->send(std::move(request), std::move(callbacks)));
    const auto got = answer.get();
    if (!got.result) {
        return fail(STIPEND_E_UNAVAILABLE, "no manager answers at ", target_.url, ": ", got.result.error().message);
    }
    const auto status = got.response.status;
    const bool good = status == 200 || status == 201 || status == 204;
    if (good && got.response.body.empty()) return Json();
    auto json = parse_json(got.response.body, {.bytes = most_answer_bytes, .depth = 32, .nodes = 1'000'000});
    if (good) return json;
    const auto* detail = json ? json->find("detail") : nullptr;
    return fail(STIPEND_E_INVALID, target_.url, " answered with status ", status,
                detail == nullptr ? std::string() : ": " + detail->text());
}

}  // namespace stipend::cli
