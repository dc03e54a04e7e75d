#include "host/http/mail.hpp"

#include <algorithm>

#include "host/http/failure.hpp"
#include "host/http/header_lines.hpp"
#include "stipend/ascii.hpp"
#include "stipend/url.hpp"

namespace stipend::http {
namespace {

constexpr std::size_t max_address_bytes = 254;

// RFC 5321 ends each line by both bytes; a lone one is where smuggled messages begin.
bool has_whole_line_ends(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return false;
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
        if (text[i] == '\0') return false;
    }
    return text.ends_with("\r\n");
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "[::1]" || (host.starts_with("127.") && is_numeric_host(host));
}

}  // namespace

bool is_mail_address(std::string_view text) {
    constexpr std::string_view local = "!#$%&'*+-/=?^_`{|}~.";
    const auto at = text.find('@');
    if (at == 0 || at == std::string_view::npos || at + 1 == text.size() || text.size() > max_address_bytes)
        return false;
    const auto name = text.substr(0, at);
    const auto host = text.substr(at + 1);
    return std::ranges::all_of(name, [&](char c) { return ascii::is_alnum(c) || local.find(c) != local.npos; }) &&
           std::ranges::all_of(host, [](char c) { return ascii::is_alnum(c) || c == '.' || c == '-'; }) &&
           host.front() != '-' && host.front() != '.';
}

Result<std::string> check_mail(const HttpRequest& request) {
    const auto& mail = *request.mail;
    const auto parts = split_url(request.url);
    const auto bad = [](const auto&... what) { return fail(STIPEND_E_INVALID, "mail: ", what...); };
    const bool known = parts && (parts->scheme == "smtp" || parts->scheme == "smtps");
    if (!known || parts->host.empty() || parts->authority.find('@') != std::string_view::npos ||
        request.url.size() != parts->scheme.size() + 3 + parts->authority.size() || !is_field_value(request.url)) {
        return bad("want a server as smtps://host:port or smtp://host:port");
    }
    if (mail.plain && !is_loopback(parts->host)) {
        return bad("without TLS only to this machine, got ", parts->host, ": want smtps, or smtp with STARTTLS");
    }
    if (!is_mail_address(mail.from)) return bad("the sender is no address: want name@host");
    if (mail.to.empty() || mail.to.size() > max_recipients) {
        return bad("got ", mail.to.size(), " recipients, want 1 to ", max_recipients);
    }
    for (const auto& address : mail.to) {
        if (!is_mail_address(address)) return bad("got the recipient \"", clip(address, 100), "\", want name@host");
    }
    if (mail.user.empty() != mail.password.empty()) return bad("want a user and a password, or none of them");
    if (!is_field_value(mail.user) || !is_field_value(mail.password)) {
        return bad("a user or a password holds a control character");
    }
    if (request.body.size() > max_mail_bytes) {
        return fail(STIPEND_E_LIMIT, "mail: got ", request.body.size(), " bytes, want at most ", max_mail_bytes);
    }
    if (!has_whole_line_ends(request.body)) return bad("a line of the message does not end with CR and LF");
    return cat(parts->scheme, "://", parts->authority);
}

}  // namespace stipend::http
