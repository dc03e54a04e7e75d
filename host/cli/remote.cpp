#include "host/cli/remote.hpp"

#include <unistd.h>

#include <cstdlib>

#include "host/base/printable.hpp"
#include "host/http/exchange.hpp"
#include "host/ledger/network_rows.hpp"
#include "host/runtime/control_server.hpp"
#include "stipend/decimal.hpp"

namespace stipend::cli {
namespace {

constexpr std::size_t max_answer_bytes = 16u << 20;

}  // namespace

Result<Json> ask_host(const config::Settings& settings, const std::string& method, const std::string& path,
                      const Json& body, std::uint32_t timeout_ms) {
    const auto socket = runtime::control_socket(settings.state);
    STIPEND_LET(client, http::CurlClient::create());
    http::HttpRequest request;
    request.method = method;
    request.url = "http://stipend" + path;
    request.headers = "Content-Type: application/json\r\n";
    request.body = method == "GET" ? "" : body.dump();
    request.unix_socket = socket.native();
    request.timeout_ms = timeout_ms;
    request.max_response_bytes = max_answer_bytes;
    const auto got = http::exchange(*client, std::move(request));
    if (!got) {
        return fail(STIPEND_E_UNAVAILABLE, "no host answers at ", socket.native(), ": ", got.error().message);
    }
    STIPEND_LET(json, parse_json(got->body, {.bytes = max_answer_bytes, .depth = 16, .nodes = 1'000'000}));
    if (got->status == 200) return json;
    const auto* error = json.find("error");
    return fail(STIPEND_E_INVALID, error == nullptr ? got->body : error->text());
}

std::string requester() {
    const char* user = std::getenv("SUDO_USER");
    if (user == nullptr) user = std::getenv("USER");
    return user == nullptr ? cat("uid ", ::getuid()) : std::string(user);
}

std::string text_of(const Json& object, std::string_view key) {
    const auto* value = object.find(key);
    return value == nullptr || value->is(Json::Kind::null) ? std::string("-") : value->text();
}

std::string shown(const Json& object, std::string_view key) {
    return printable_line(text_of(object, key));
}

std::string amount_of(const Json& object, std::string_view key) {
    const auto units = SignedWei::parse(text_of(object, key));
    const auto decimals = Decimal::parse(text_of(object, "decimals"));
    const auto places = decimals ? decimals->exact_scaled(0) : Result<std::int64_t>(decimals.error());
    if (!units || !places || *places < 0 || *places > ledger::max_decimals) return shown(object, key) + " units";
    return units_text(*units, static_cast<std::size_t>(*places), shown(object, "asset"));
}

}  // namespace stipend::cli
