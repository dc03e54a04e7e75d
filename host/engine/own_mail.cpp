#include "host/engine/own_mail.hpp"

#include <array>
#include <ctime>

#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/config/plugin_config.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::engine {
namespace {

constexpr std::uint32_t mail_timeout_ms = 20'000;

std::string text_at(const Json& config, std::string_view name) {
    const auto* value = config.find(name);
    return value != nullptr && value->is(Json::Kind::string) ? value->text() : std::string();
}

// RFC 5322: "Thu, 26 Nov 2026 18:00:00 +0000".
std::string mail_date(stipend_unix_ns at) {
    const std::time_t whole = at / ns_per_s;
    std::tm parts{};
    std::array<char, 64> text{};
    ::gmtime_r(&whole, &parts);
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &parts)};
}

// An id in an API path is of printable ASCII; anything else is named.
http::HttpRequest mail(const MailServer& server, const alert::OwnTarget& target, std::string_view subject,
                       std::string_view id, stipend_unix_ns at, const std::string& text) {
    http::HttpRequest out;
    out.method = "POST";
    out.url = server.url;
    out.ca_file = server.ca_file;
    out.timeout_ms = mail_timeout_ms;
    out.mail = std::make_shared<http::Mail>(http::Mail{.from = server.from,
                                                       .to = {target.address},
                                                       .user = server.user,
                                                       .password = server.password,
                                                       .plain = server.plain});
    const auto domain = server.from.substr(server.from.find('@') + 1);
    out.body = cat("From: stipend <", server.from, ">\r\nTo: ", target.address, "\r\nSubject: ", subject,
                   "\r\nDate: ", mail_date(at), "\r\nMessage-ID: <stipend.", id, "@", domain,
                   ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n",
                   text);
    return out;
}

}  // namespace

std::optional<MailServer> mail_server_of(const config::Alerts& alerts) {
    for (const auto& receiver : alerts.receivers) {
        const auto config = parse_json(config::plugin_json(receiver.config));
        if (!config || text_at(*config, "format") != "email") continue;
        const auto* plain = config->find("plain");
        return MailServer{.url = text_at(*config, "url"),
                          .from = text_at(*config, "from"),
                          .user = text_at(*config, "user"),
                          .password = text_at(*config, "password"),
                          .ca_file = text_at(*config, "ca_file"),
                          .plain = plain != nullptr && plain->truth()};
    }
    return std::nullopt;
}

http::HttpRequest event_mail(const MailServer& server, const alert::OwnTarget& target, const alert::OwnEvent& event) {
    std::string now;
    const auto signs = alert::signs_json(target.signs);
    for (const auto& one : signs.items()) now += cat(now.empty() ? "" : ", ", one.text());
    auto text = cat("Orchestrator: ", printable_line(target.orchestrator), "\r\nEvent: ", alert::name_of(event.kind),
                    "\r\nAt: ", utc_text(event.at), "\r\n\r\n", alert::sentence_of(event.kind),
                    "\r\nNow: ", now.empty() ? "nothing is known to be wrong" : now, "\r\n");
    if (event.omitted != 0) text += cat("Events that were not sent before this one: ", event.omitted, "\r\n");
    return mail(server, target, cat("stipend: ", alert::name_of(event.kind)), event.delivery_id, event.at, text);
}

http::HttpRequest code_mail(const MailServer& server, const alert::OwnTarget& target, std::string_view code,
                            std::string_view id, stipend_unix_ns now) {
    return mail(server, target, "stipend: confirm this address", id, now,
                cat("The orchestrator whose id follows asks for its alerts to be sent to this address: ",
                    printable_line(target.orchestrator), "\r\n\r\nCode: ", code,
                    "\r\n\r\nIt is valid for 30 minutes, once. Without it nothing is sent here: if this was not you, "
                    "do nothing.\r\n"));
}

}  // namespace stipend::engine
