// What the desk sends, and when.
#include <algorithm>
#include <array>
#include <utility>

#include "host/engine/connect_back.hpp"
#include "host/engine/target_desk.hpp"

namespace stipend::engine {
namespace {

using alert::OwnTarget;
using alert::TargetState;

constexpr std::size_t id_bytes = 16;  // of a delivery
constexpr std::uint64_t max_webhook_answer = 64 << 10;
constexpr std::int64_t stale_look_ns = 60 * ns_per_s;

alert::Attempt attempt_at_webhook(const Result<void>& result, const http::HttpResponse& response) {
    if (result) {
        if (response.status >= 200 && response.status < 300) return {.accepted = true};
        return {.why = cat("it answered with status ", response.status)};
    }
    if (result.error().status == STIPEND_E_LIMIT && response.status != 0) return {.why = "its answer is too long"};
    if (result.error().status == STIPEND_E_TIMEOUT && response.phase > http::Phase::resolve) {
        return {.why = "no answer within 10 s"};
    }
    const auto verdict = verdict_of(result, response);
    if (verdict.verdict == ConnectBack::Verdict::failed) return {.why = verdict.why};
    return {.own_fault = true, .why = "this host could not send"};
}

// The server is the operator's own: only what it says of this message is the address's fault.
alert::Attempt attempt_at_mail(const Result<void>& result, const http::HttpResponse& response) {
    if (result) return {.accepted = true};
    // RFC 4954 and 5321: its answers to a login, and that it is closed.
    constexpr std::array<int, 6> about_this_host{421, 454, 530, 534, 535, 538};
    if (std::find(about_this_host.begin(), about_this_host.end(), response.status) != about_this_host.end()) {
        return {.own_fault = true, .why = "the mail server of this host refuses its account"};
    }
    if (response.status >= 400) return {.why = cat("the mail server refused it with code ", response.status)};
    return {.own_fault = true, .why = "the mail server of this host was not reached"};
}

// Of what a target gets while it is active.
alert::Attempt attempt_at(bool mail, const Result<void>& result, const http::HttpResponse& response) {
    return mail ? attempt_at_mail(result, response) : attempt_at_webhook(result, response);
}

}  // namespace

std::string TargetDesk::new_delivery_id() {
    auto id = auth::random_hex(id_bytes);
    return id ? std::move(*id) : std::string(2 * id_bytes, '0');
}

// An event that cannot be stored is sent all the same, and lost with the process.
Result<void> TargetDesk::write(const OwnTarget& target) {
    auto written = store_->put(target);
    const bool failed = !written.ok();
    if (failed == std::exchange(store_failed_, failed)) return written;
    parts_.store_alert(failed ? "targets of alerts cannot be stored: " + written.error().message : "");
    return written;
}

void TargetDesk::drop(const std::string& id) {
    const auto found = targets_.find(id);
    if (found == targets_.end()) return;
    if (const auto removed = store_->remove(id); !removed) {
        parts_.log("a target of alerts stays: " + removed.error().message);
    }
    parts_.alert(id, "");
    found->second.state = TargetState::none;
    publish(found->second);
    targets_.erase(found);
}

void TargetDesk::send_code(const MailServer& server, const OwnTarget& target, std::string_view code,
                           stipend_unix_ns now) {
    http::HttpCallbacks callbacks;
    callbacks.on_done = [weak = weak_from_this(), id = target.orchestrator, set_at = target.set_at](
                            std::uint64_t, Result<void>&& result, http::HttpResponse&& response) {
        if (result) return;
        const auto self = weak.lock();
        if (!self) return;
        self->parts_.lane->post([weak, id, set_at, why = attempt_at_mail(result, response).why] {
            if (const auto same = weak.lock()) same->code_failed(id, set_at, why);
        });
    };
    if (auto sent = parts_.http->send(code_mail(server, target, code, new_delivery_id(), now), std::move(callbacks));
        !sent) {
        parts_.log("a code is not sent: " + sent.error().message);
    }
}

void TargetDesk::code_failed(const std::string& id, stipend_unix_ns set_at, const std::string& why) {
    parts_.log(cat("the code for the e-mail address of ", id, " is not delivered: ", why));
    const std::lock_guard lock(mutex_);
    const auto found = targets_.find(id);
    if (found == targets_.end() || found->second.set_at != set_at) return;
    found->second.last_error = why;
    static_cast<void>(write(found->second));
}

// A stolen credential could lead alerts elsewhere: the target before gets a last message.
void TargetDesk::say_replaced(const OwnTarget& before) {
    if (before.state != TargetState::active) return;
    const alert::OwnEvent event{
        .kind = alert::OwnKind::target_replaced, .at = parts_.now(), .delivery_id = new_delivery_id()};
    auto request = request_of(before, event);
    if (!request) return;
    http::HttpCallbacks callbacks;
    callbacks.on_done = [](std::uint64_t, Result<void>&&, http::HttpResponse&&) {};
    static_cast<void>(parts_.http->send(std::move(*request), std::move(callbacks)));
}

void TargetDesk::drop_stale(stipend_unix_ns now) {
    if (now < next_stale_look_) return;
    next_stale_look_ = now + stale_look_ns;
    std::vector<std::string> stale;
    for (const auto& [id, target] : targets_) {
        if (under_way_.contains(id)) continue;
        const bool empty = target.state == TargetState::none && target.day < now / ns_per_day;
        if (empty || is_gone(target)) stale.push_back(id);
    }
    for (const auto& id : stale) drop(id);
}

bool TargetDesk::is_gone(const OwnTarget& target) const {
    const auto registered = parts_.registered_at(target.orchestrator);
    return registered && (!*registered || **registered != target.registered_at);
}

void TargetDesk::drop_removed() {
    std::vector<std::string> removed;
    for (const auto& [id, target] : targets_) {
        if (target.state == TargetState::off && is_gone(target)) removed.push_back(id);
    }
    for (const auto& id : removed) drop(id);
}

void TargetDesk::registrations_changed() {
    parts_.lane->post([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        const std::lock_guard lock(self->mutex_);
        self->drop_removed();
    });
}

std::optional<http::HttpRequest> TargetDesk::request_of(const OwnTarget& target, const alert::OwnEvent& event) const {
    if (target.mail) {
        const auto server = mail_server();
        return server ? std::optional(event_mail(*server, target, event)) : std::nullopt;
    }
    http::HttpRequest out;
    out.method = "POST";
    out.url = target.address;
    out.headers = "Content-Type: application/json\r\n";
    out.body = alert::own_message(target, event).dump();
    out.ca_file = parts_.ca_file;
    out.timeout_ms = webhook_timeout_ms;
    out.max_response_bytes = max_webhook_answer;
    out.max_redirects = 0;
    out.untrusted_target = true;
    out.public_target = true;
    return out;
}

void TargetDesk::seen(const std::string& id, std::uint32_t sign, bool is_so) {
    const std::lock_guard lock(mutex_);
    const auto found = targets_.find(id);
    if (found == targets_.end()) return;
    auto& target = found->second;
    if (!alert::observe(target, sign, is_so, parts_.now(), new_delivery_id())) return;
    static_cast<void>(write(target));
    turn();
}

void TargetDesk::post_turn() {
    parts_.lane->post([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        const std::lock_guard lock(self->mutex_);
        self->turn();
    });
}

void TargetDesk::turn() {
    const auto now = parts_.now();
    std::vector<std::string> due;
    for (auto& [id, target] : targets_) {
        if (under_way_.contains(id)) continue;
        if (alert::pass_time(target, now, new_delivery_id())) static_cast<void>(write(target));
        if (alert::may_send(target, now) && under_way_.size() + due.size() < max_at_once) due.push_back(id);
    }
    for (const auto& id : due) send_first(id);
    std::optional<stipend_unix_ns> next;
    for (const auto& [id, target] : targets_) {
        // One that is due waits for one that ends.
        if (under_way_.contains(id) || alert::may_send(target, now)) continue;
        if (const auto at = alert::next_wakeup(target, now)) next = next ? std::min(*next, *at) : *at;
    }
    arm(next);
}

void TargetDesk::send_first(const std::string& id) {
    auto& target = targets_.find(id)->second;
    const auto event = target.waiting.front();
    const auto refuse = [&](const char* why) { note(target, {.own_fault = true, .why = why}); };
    const auto registered = parts_.registered_at(id);
    if (!registered) return refuse("the registrations of this host cannot be read");
    // A later registration of the same id is another party.
    if (!*registered || **registered != target.registered_at) return drop(id);
    auto request = request_of(target, event);
    if (!request) return refuse("this host sends no e-mails any more");
    http::HttpCallbacks callbacks;
    callbacks.on_done = [weak = weak_from_this(), id, mail = target.mail, delivery = event.delivery_id](
                            std::uint64_t, Result<void>&& result, http::HttpResponse&& response) {
        const auto self = weak.lock();
        if (!self) return;
        self->parts_.lane->post([weak, id, delivery, attempt = attempt_at(mail, result, response)] {
            if (const auto same = weak.lock()) same->ended(id, delivery, attempt);
        });
    };
    const auto sent = parts_.http->send(std::move(*request), std::move(callbacks));
    if (!sent) return refuse("this host could not send");
    under_way_.insert(id);
}

void TargetDesk::ended(const std::string& id, const std::string& delivery_id, const alert::Attempt& attempt) {
    const std::lock_guard lock(mutex_);
    under_way_.erase(id);
    const auto found = targets_.find(id);
    // Another target may have taken its place meanwhile.
    if (found != targets_.end() && !found->second.waiting.empty() &&
        found->second.waiting.front().delivery_id == delivery_id) {
        note(found->second, attempt);
    }
    turn();
}

void TargetDesk::note(OwnTarget& target, const alert::Attempt& attempt) {
    const auto failed_before = target.failures;
    const bool off = alert::attempted(target, attempt, parts_.now());
    static_cast<void>(write(target));
    const auto& id = target.orchestrator;
    if (off) {
        parts_.alert(id, target.last_error);
    } else if (!attempt.accepted && failed_before == 0 && !attempt.own_fault) {
        parts_.log(cat("the target of alerts of ", id, " does not accept them: ", attempt.why));
    }
}

void TargetDesk::arm(std::optional<stipend_unix_ns> at) {
    if (timer_ != 0) parts_.lane->cancel_timer(std::exchange(timer_, 0));
    if (!at) return;
    timer_ = parts_.lane->after(std::max<std::int64_t>(*at - parts_.now(), 0), [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        const std::lock_guard lock(self->mutex_);
        self->timer_ = 0;
        self->turn();
    });
}

}  // namespace stipend::engine
