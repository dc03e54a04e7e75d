#include "tests/devnet/cli.hpp"

#include <algorithm>
#include <optional>

#include "stipend/hex.hpp"
#include "stipend/result.hpp"

namespace stipend::devnet {
namespace {

constexpr std::string_view form_type = "application/x-www-form-urlencoded";

Result<std::string> unescaped(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out.push_back(text[at] == '+' ? ' ' : text[at]);
            continue;
        }
        const auto escape = text.substr(at, 3);
        if (escape.size() < 3 || !is_hex(escape.substr(1))) {
            return fail(STIPEND_E_INVALID, "invalid URL escape ", json_string(escape));
        }
        out.push_back(static_cast<char>(hex_value(escape[1]) * 16 + hex_value(escape[2])));
        at += 2;
    }
    return out;
}

// The first value of `name` in a form; empty if there is none.
Result<std::string> form_value(std::string_view form, std::string_view name) {
    std::optional<std::string> found;
    while (!form.empty()) {
        const auto pair = form.substr(0, form.find('&'));
        form.remove_prefix(std::min(form.size(), pair.size() + 1));
        const auto equals = std::min(pair.find('='), pair.size());
        STIPEND_LET(key, unescaped(pair.substr(0, equals)));
        STIPEND_LET(value, unescaped(pair.substr(std::min(equals + 1, pair.size()))));
        if (key == name && !found) found = std::move(value);
    }
    return found.value_or("");
}

Reply sign_message(const Account& account, const Request& request) {
    const bool form = request.method == "POST" && request.content_type.rfind(form_type, 0) == 0;
    auto message = form_value(form ? cat(request.body, "&", request.query) : request.query, "message");
    if (!message) return http_error(500, cat("parse form error: ", message.error().message));
    if (message->empty()) return http_error(400, "missing form param: message");
    Reply reply;
    reply.body = account.key.personal_sign(*message);
    return reply;
}

Reply sender_info(const Account& account) {
    return typed_reply(200, "application/json",
                       cat(R"({"Deposit":)", account.visible_deposit(), R"(,"WithdrawRound":0,"Reserve":)",
                           R"({"FundsRemaining":)", account.reserve, R"(,"ClaimedInCurrentRound":0}})"));
}

}  // namespace

Reply cli_reply(const Account& account, const Request& request) {
    if (request.path == "/healthz") return Reply{};
    if (request.path == "/signMessage") return sign_message(account, request);
    if (request.path == "/senderInfo") return sender_info(account);
    if (request.path == "/ethAddr") {
        Reply reply;
        reply.body = account.key.address();
        return reply;
    }
    return not_found();
}

}  // namespace stipend::devnet
