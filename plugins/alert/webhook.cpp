#include "webhook.hpp"

#include <algorithm>

#include "mail_message.hpp"
#include "payload.hpp"
#include "stipend/decimal.hpp"
#include "stipend/json_parse.hpp"

namespace alert {

using stipend::cat;
using stipend::fail;
using stipend::HttpReply;
using stipend::Result;

namespace {

constexpr std::int64_t default_wait_ns = 60 * stipend::ns_per_s;  // where the channel does not say how long
constexpr std::int64_t longest_wait_s = 86'400;
constexpr std::size_t longest_shown = 160;

std::optional<std::int64_t> seconds_ns(std::string_view text) {
    const auto number = stipend::Decimal::parse(text);
    if (!number) return std::nullopt;
    constexpr int places = 3;
    std::string_view cut = text;  // digits beyond milliseconds do not count
    if (const auto point = text.find('.'); point != std::string_view::npos) cut = text.substr(0, point + 1 + places);
    const auto exact = stipend::Decimal::parse(cut);
    const auto ms = exact ? exact->exact_scaled(places) : number->exact_scaled(places);
    if (!ms || *ms < 0) return std::nullopt;
    return std::min(*ms, longest_wait_s * 1000) * stipend::ns_per_ms;
}

// Of Retry-After, or of Telegram's body. A date counts as the default.
std::int64_t wanted_wait(const HttpReply& reply) {
    if (const auto wait = seconds_ns(reply.header("retry-after"))) return *wait;
    if (const auto json = stipend::parse_json(reply.body())) {
        const auto* parameters = json->find("parameters");
        const auto* wait = parameters == nullptr ? json->find("retry_after") : parameters->find("retry_after");
        if (wait != nullptr) {
            if (const auto ns = seconds_ns(wait->text())) return *ns;
        }
    }
    return default_wait_ns;
}

// What the channel says of itself, in one line, for the operator.
std::string said(const HttpReply& reply) {
    auto text = clean(stipend::clip(reply.body(), longest_shown));
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text.empty() ? std::string() : cat(": ", text);
}

// The client's message without what may be a secret: the URL is cut to its scheme and host.
std::string without_url(const Settings& settings, std::string text) {
    const auto rest = settings.url.substr(settings.shown_url.size());
    const auto replace_all = [&text](const std::string& secret, const std::string& shown) {
        if (secret.size() < 2) return;  // a path of "/" is none
        for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + shown.size())) {
            text.replace(at, secret.size(), shown);
        }
    };
    replace_all(settings.url, settings.shown_url);
    replace_all(rest, "");
    return text;
}

}  // namespace

Verdict judge(const Settings& settings, const HttpReply& reply) {
    const auto at = cat("POST ", settings.shown_url, ": ");
    const auto status = reply.http_status();
    // An answer that is longer than what is read of it is one all the same.
    const bool answered = status != 0 && (reply.status == STIPEND_OK || reply.status == STIPEND_E_LIMIT);
    if (!answered) {
        const bool ended = reply.status != STIPEND_OK;
        return {.status = ended ? reply.status : STIPEND_E_UNAVAILABLE,
                .permanent = reply.status == STIPEND_E_INVALID,
                .why = at + without_url(settings, ended ? reply.error : std::string("no answer"))};
    }
    if (status >= 200 && status < 300) return {};
    const auto why = without_url(settings, cat(at, "status ", status, said(reply)));
    if (status == 429 || (status == 503 && !reply.header("retry-after").empty())) {
        return {.status = STIPEND_E_BUSY, .wait_ns = wanted_wait(reply), .why = why};
    }
    if (status == 408 || status >= 500) return {.status = STIPEND_E_UNAVAILABLE, .why = why};
    if (status < 400) {
        return {.status = STIPEND_E_INVALID,
                .permanent = true,
                .why = cat(at, "status ", status, ": redirects are not followed: configure the URL that it leads to")};
    }
    return {.status = STIPEND_E_INVALID, .permanent = true, .why = why};
}

Verdict judge_mail(const Result<void>& result, std::int32_t code) {
    if (result) return {};
    const auto& error = result.error();
    // The codes of RFC 5321: 4xx may be sent again, 5xx may not.
    const bool refused = code >= 500 && code < 600;
    const bool malformed = error.status == STIPEND_E_INVALID;
    return {
        .status = refused ? STIPEND_E_INVALID : error.status, .permanent = refused || malformed, .why = error.message};
}

Result<void> Webhook::deliver(const stipend::AlertMessage& message, stipend::Completion<stipend::Nothing> done) {
    if (const auto left = wait_until_ - host_.monotonic(); left > 0) {
        return fail(STIPEND_E_BUSY, "POST ", settings_.shown_url,
                    ": the channel asks to wait: ", (left + stipend::ns_per_s - 1) / stipend::ns_per_s, " s are left");
    }
    auto sending =
        std::make_shared<Sending>(Sending{.done = std::move(done), .mail = settings_.format == Format::email});
    const auto op = sending->done.op();
    auto sent = sending->mail ? mail(message, sending) : post(message, sending);
    if (!sent) {
        auto error = std::move(sent).error();
        error.message = without_url(settings_, error.message);
        error.permanent = error.status == STIPEND_E_INVALID;
        note(error.message);
        return error;
    }
    sending->exchange = *sent;
    sending_.emplace(op, std::move(sending));
    return {};
}

Result<stipend_op> Webhook::post(const stipend::AlertMessage& message, const std::shared_ptr<Sending>& sending) {
    const auto body = payload(settings_, message);
    const auto headers = cat("Content-Type: application/json\r\n", settings_.headers);
    stipend::HttpRequest request;
    request.method = "POST";
    request.url = settings_.url;
    request.headers = headers;
    request.body = body;
    request.timeout_ms = settings_.timeout_ms;
    request.max_response_bytes = max_answer;
    request.ca_file = settings_.ca_file;
    request.max_redirects = 0;
    return host_.http(request, [this, sending](const HttpReply& reply) { ended(*sending, judge(settings_, reply)); });
}

Result<stipend_op> Webhook::mail(const stipend::AlertMessage& message, const std::shared_ptr<Sending>& sending) {
    const auto text = mail_message(settings_, message, host_.now());
    return host_.mail(
        {.server = settings_.url,
         .user = settings_.user,
         .password = settings_.password,
         .from = settings_.from,
         .to = settings_.to,
         .message = text,
         .ca_file = settings_.ca_file,
         .timeout_ms = settings_.timeout_ms,
         .flags = settings_.plain ? std::uint32_t{STIPEND_MAIL_PLAIN} : 0},
        [this, sending](const Result<void>& result, std::int32_t code) { ended(*sending, judge_mail(result, code)); });
}

void Webhook::ended(Sending& sending, const Verdict& verdict) {
    sending_.erase(sending.done.op());
    if (sending.done.pending()) finish(sending, verdict);
}

void Webhook::finish(Sending& sending, const Verdict& verdict) {
    note(verdict.why);
    if (verdict.status == STIPEND_OK) return sending.done.finish({});
    if (verdict.wait_ns > 0) wait_until_ = host_.monotonic() + verdict.wait_ns;
    auto error = fail(verdict.status, verdict.why);
    error.permanent = verdict.permanent;
    sending.done.fail(error);
}

void Webhook::cancel(stipend_op op) {
    // [any]: the state of [pool] is only accessed there.
    static_cast<void>(host_.post([this, op] {
        const auto found = sending_.find(op);
        if (found == sending_.end()) return;
        const auto sending = found->second;
        sending_.erase(found);
        if (sending->mail) host_.cancel_mail(sending->exchange);
        if (!sending->mail) host_.cancel_http(sending->exchange);
        sending->done.fail(fail(STIPEND_E_CANCELLED, "cancelled"));
    }));
}

void Webhook::note(const std::string& why) const {
    const std::lock_guard lock(failure_->mutex);
    failure_->why = why;
}

Result<void> Webhook::health() {
    const std::lock_guard lock(failure_->mutex);
    if (failure_->why.empty()) return {};
    return fail(STIPEND_E_UNAVAILABLE, "the last alerts were not accepted: ", failure_->why);
}

}  // namespace alert
