#include "host/cli/api_client.hpp"

#include <cstdlib>

#include "host/cli/password_input.hpp"
#include "host/http/exchange.hpp"
#include "host/http/manager_url.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t most_answer_bytes = 16u << 20;
constexpr std::uint32_t api_patience_ms = 60'000;

Result<std::string> read_key(const std::string& file) {
    if (!file.empty()) return read_password(file);
    const char* given = std::getenv("STIPEND_API_KEY");
    if (given != nullptr && *given != '\0') return std::string(given);
    return fail(STIPEND_E_INVALID, "no key: want --key FILE, or STIPEND_API_KEY in the environment");
}

}  // namespace

Result<ApiClient> ApiClient::create(const ApiTarget& target) {
    STIPEND_TRY(http::check_manager_url(target.url, target.plain_http));
    STIPEND_LET(key, read_key(target.key_file));
    STIPEND_TRY(http::check_manager_key(key));
    auto wanted = target;
    while (wanted.url.ends_with('/')) wanted.url.pop_back();
    return ApiClient(std::move(wanted), std::move(key));
}

Result<Json> ApiClient::ask(const std::string& method, const std::string& path, const std::optional<Json>& body) const {
    STIPEND_LET(client, http::CurlClient::create(
                            {.secrets = [this](std::string_view) -> Result<std::string> { return key_; }}));
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
    const auto got = http::exchange(*client, std::move(request));
    if (!got) {
        return fail(STIPEND_E_UNAVAILABLE, "no manager answers at ", target_.url, ": ", got.error().message);
    }
    const auto status = got->status;
    const bool good = status == 200 || status == 201 || status == 204;
    if (good && got->body.empty()) return Json();
    auto json = parse_json(got->body, {.bytes = most_answer_bytes, .depth = 32, .nodes = 1'000'000});
    if (good) return json;
    const auto* detail = json ? json->find("detail") : nullptr;
    return fail(STIPEND_E_INVALID, target_.url, " answered with status ", status,
                detail == nullptr ? std::string() : ": " + detail->text());
}

}  // namespace stipend::cli
