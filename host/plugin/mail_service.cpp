// E-mails of plugin instances, by the host's client.
#include <utility>

#include "host/plugin/call.hpp"
#include "host/plugin/instance.hpp"

namespace stipend::plugin {
namespace {

http::HttpRequest request_of_mail(const stipend_mail& raw) {
    auto mail = std::make_shared<http::Mail>();
    mail->from = view(raw.from);
    for (std::string_view rest = view(raw.to); !rest.empty();) {
        const auto one = rest.substr(0, rest.find(','));
        mail->to.emplace_back(one);
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
    mail->user = view(raw.user);
    mail->password = view(raw.password);
    mail->plain = (raw.flags & STIPEND_MAIL_PLAIN) != 0;
    http::HttpRequest out;
    out.url = view(raw.server);
    out.body = view(raw.message);
    out.ca_file = view(raw.ca_file);
    out.timeout_ms = raw.timeout_ms;
    out.mail = std::move(mail);
    return out;
}

}  // namespace

stipend_status Instance::mail_send(const stipend_mail& raw, stipend_mail_done done, void* user, stipend_op* out) {
    return begin_exchange(
        request_of_mail(raw), {},
        [done, user](stipend_status status, const http::HttpResponse& response, const stipend_error& error) {
            done(user, status, response.status, &error);
        },
        out);
}

}  // namespace stipend::plugin
