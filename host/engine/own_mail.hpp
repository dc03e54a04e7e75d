// E-mails to orchestrators about themselves, through the server of the operator's own receiver of alerts. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/alert/own_target.hpp"
#include "host/config/settings.hpp"
#include "host/http/client.hpp"

namespace stipend::engine {

struct MailServer {
    std::string url;  // smtps://host:port or smtp://host:port
    std::string from, user, password;
    std::string ca_file;
    bool plain = false;
};

// Of the first receiver of the format email; nothing: there is none.
[[nodiscard]] std::optional<MailServer> mail_server_of(const config::Alerts& alerts);

[[nodiscard]] http::HttpRequest event_mail(const MailServer& server, const alert::OwnTarget& target,
                                           const alert::OwnEvent& event);
[[nodiscard]] http::HttpRequest code_mail(const MailServer& server, const alert::OwnTarget& target,
                                          std::string_view code, std::string_view id, stipend_unix_ns now);

}  // namespace stipend::engine
