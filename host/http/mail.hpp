// E-mails that the HTTP client sends by libcurl's SMTP: what is accepted.
#pragma once

#include "host/http/client.hpp"

namespace stipend::http {

inline constexpr std::size_t max_recipients = 20;
inline constexpr std::size_t max_mail_bytes = 1 << 20;

// "name@host.example" in ASCII, at most 254 bytes, with nothing that ends a line or a command of SMTP. [pure]
[[nodiscard]] bool is_mail_address(std::string_view text);

// The server of a request with a mail: "smtps://host:port". INVALID: an address, the URL, the message's line ends, or
// what contradicts itself. LIMIT: too large. No error shows a password. [pure]
[[nodiscard]] Result<std::string> check_mail(const HttpRequest& request);

}  // namespace stipend::http
