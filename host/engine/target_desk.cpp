#include "host/engine/target_desk.hpp"

#include <array>
#include <utility>

#include "host/base/time.hpp"
#include "host/http/mail.hpp"
#include "host/http/ssrf_guard.hpp"
#include "stipend/url.hpp"

namespace stipend::engine {
namespace {

using alert::OwnTarget;
using alert::TargetState;
using api::Reply;

constexpr std::int64_t hour_ns = 3'600 * ns_per_s;
constexpr std::int64_t desk_end_patience_ns = 5 * ns_per_s;
constexpr std::size_t code_digits = 8;

Result<std::string> new_code() {
    std::array<std::uint8_t, 8> bytes{};
    STIPEND_TRY(auth::fill_random(bytes));
    std::uint64_t bits = 0;
    for (const auto byte : bytes) bits = bits << 8U | byte;
    std::string out;
    for (std::size_t at = 0; at < code_digits; ++at, bits /= 10) out.push_back(static_cast<char>('0' + bits % 10));
    return out;
}

Reply host_failed() {
    return api::problem_later(503, "the host cannot store targets of alerts now", 60);
}

Reply none_set() {
    return api::problem(404, "this orchestrator has no target of alerts");
}

}  // namespace

Result<std::shared_ptr<TargetDesk>> TargetDesk::open(TargetDeskParts parts) {
    std::shared_ptr<TargetDesk> self(new TargetDesk(std::move(parts)));
    STIPEND_SET(self->store_, alert::OwnTargetStore::open(self->parts_.file));
    STIPEND_LET(stored, self->store_->load());
    for (auto& one : stored) {
        self->publish(one);
        self->targets_.emplace(one.orchestrator, std::move(one));
    }
    self->drop_removed();
    for (const auto& [id, target] : self->targets_) {
        if (target.state == TargetState::off) self->parts_.alert(id, target.last_error);
    }
    self->post_turn();
    return self;
}

void TargetDesk::close() {
    // What the disk holds up ends with the process; it keeps the desk meanwhile.
    static_cast<void>(parts_.lane->end_within(desk_end_patience_ns));
}

void TargetDesk::publish(const OwnTarget& target) {
    const std::lock_guard lock(watched_mutex_);
    if (target.state == TargetState::none) {
        watched_.erase(target.orchestrator);
    } else {
        watched_.try_emplace(target.orchestrator, target.signs);
    }
    any_ = !watched_.empty();
}

void TargetDesk::observe(std::string_view orchestrator, std::uint32_t sign, bool is_so) {
    {
        const std::lock_guard lock(watched_mutex_);
        const auto found = watched_.find(orchestrator);
        if (found == watched_.end() || ((found->second & sign) != 0) == is_so) return;
        found->second ^= sign;
    }
    parts_.lane->post([weak = weak_from_this(), id = std::string(orchestrator), sign, is_so] {
        if (const auto self = weak.lock()) self->seen(id, sign, is_so);
    });
}

std::vector<std::string> TargetDesk::with_sign(std::uint32_t sign) const {
    const std::lock_guard lock(watched_mutex_);
    std::vector<std::string> out;
    for (const auto& [id, signs] : watched_) {
        if ((signs & sign) != 0) out.push_back(id);
    }
    return out;
}

void TargetDesk::set_mail_server(std::optional<MailServer> server) {
    const std::lock_guard lock(watched_mutex_);
    mail_ = std::move(server);
}

std::optional<MailServer> TargetDesk::mail_server() const {
    const std::lock_guard lock(watched_mutex_);
    return mail_;
}

Result<void> TargetDesk::keep(OwnTarget target) {
    STIPEND_TRY(write(target));
    publish(target);
    if (target.state != TargetState::off) parts_.alert(target.orchestrator, "");
    targets_.insert_or_assign(target.orchestrator, std::move(target));
    return {};
}

OwnTarget* TargetDesk::find(std::string_view id, stipend_unix_ns registered_at) {
    const auto found = targets_.find(id);
    if (found == targets_.end() || found->second.registered_at != registered_at) return nullptr;
    return &found->second;
}

Json TargetDesk::shown(const OwnTarget& target) const {
    const auto time_or_null = [](stipend_unix_ns at) { return at == 0 ? Json() : Json(utc_text(at)); };
    std::string address = target.address;
    // The rest of a webhook's URL may be a secret.
    if (const auto parts = split_url(target.address); !target.mail && parts) {
        address = cat(parts->scheme, "://", parts->authority, "/...");
    }
    return Json::object()
        .append("orchestrator", target.orchestrator)
        .append("state", alert::name_of(target.state))
        .append("webhook", target.mail ? Json() : Json(address))
        .append("email", target.mail ? Json(address) : Json())
        .append("set_at", utc_text(target.set_at))
        .append("code_until", time_or_null(target.code ? target.code_until : 0))
        .append("waiting", static_cast<std::int64_t>(target.waiting.size()))
        .append("sent_today", parts_.now() / ns_per_day == target.day ? target.sent : 0U)
        .append("omitted", target.omitted)
        .append("failures", target.failures)
        .append("last_error", target.last_error.empty() ? Json() : Json(target.last_error))
        .append("last_success", time_or_null(target.last_success));
}

// --- requests

Reply TargetDesk::show(const api::Request& request) {
    const auto& id = request.path.at("id");
    const auto registered = parts_.registered_at(id);
    if (!registered) return host_failed();
    const std::lock_guard lock(mutex_);
    const auto* target = *registered ? find(id, **registered) : nullptr;
    if (target == nullptr || target->state == TargetState::none) return none_set();
    return api::json_reply(shown(*target));
}

Reply TargetDesk::set(const api::Request& request) {
    const auto& id = request.path.at("id");
    const auto webhook = request.text_or_none("webhook", 2'048);
    const auto email = request.text_or_none("email", 254);
    if (!webhook || !email) return api::problem_of(webhook ? email.error() : webhook.error());
    if (request.body.members().size() != 1 || webhook->empty() == email->empty()) {
        return api::problem(422, "want \"webhook\" or \"email\", and nothing else");
    }
    if (!webhook->empty()) {
        if (const auto valid = alert::check_webhook(*webhook); !valid) return api::problem_of(valid.error());
        if (const auto why = http::url_refusal(*webhook, parts_.allowed); !why.empty()) {
            return api::problem(422, cat("\"webhook\": want a public address, got ", why));
        }
    } else if (!http::is_mail_address(*email)) {
        return api::problem(422, "\"email\": want name@host.example");
    }
    const auto registered = parts_.registered_at(id);
    if (!registered) return host_failed();
    if (!*registered) return api::problem(404, "no such registration, or it was never approved");
    const std::lock_guard lock(mutex_);
    return set_within(id, **registered, webhook->empty(), webhook->empty() ? *email : *webhook);
}

Reply TargetDesk::set_within(const std::string& id, stipend_unix_ns registered_at, bool mail,
                             const std::string& address) {
    const auto now = parts_.now();
    const auto* before = find(id, registered_at);
    if (before == nullptr) drop(id);  // one of an earlier registration
    if (before != nullptr && before->state == TargetState::active && before->mail == mail &&
        before->address == address) {
        return api::json_reply(shown(*before));
    }
    const auto server = mail ? mail_server() : std::nullopt;
    if (mail && !server) {
        return api::problem(409,
                            "this host sends no e-mails: no receiver of alerts has the format email. Set a webhook");
    }
    if (before == nullptr && targets_.size() >= max_targets) drop_stale(now);
    if (before == nullptr && targets_.size() >= max_targets) {
        return api::problem_later(429, "too many orchestrators have a target", 3'600);
    }
    auto next = before != nullptr ? *before : OwnTarget{.orchestrator = id, .registered_at = registered_at};
    if (const auto counted = alert::count_change(next, now); !counted) {
        return api::problem_later(429, counted.error().message, 3'600);
    }
    std::string code;
    if (mail) {
        auto made = code_for(now);
        if (!made && made.error().status == STIPEND_E_LIMIT) {
            return api::problem_later(429, made.error().message, 3'600);
        }
        if (!made) return host_failed();
        code = std::move(*made);
        alert::set_mail(next, address, code, now);
    } else {
        alert::set_webhook(next, address, now, new_delivery_id());
    }
    const auto replaced = before != nullptr ? std::optional(*before) : std::nullopt;
    if (!keep(next)) return host_failed();
    parts_.log(cat("alerts about ", id, " go to ", mail ? "an e-mail address, once it is confirmed" : "a webhook",
                   " of its own"));
    if (replaced) say_replaced(*replaced);
    if (mail) send_code(*server, next, code, now);
    post_turn();
    return api::json_reply(shown(next));
}

Result<std::string> TargetDesk::code_for(stipend_unix_ns now) {
    while (!codes_.empty() && codes_.front() + hour_ns <= now) codes_.pop_front();
    if (codes_.size() >= max_codes_an_hour) {
        return fail(STIPEND_E_LIMIT, "too many codes were sent in the last hour");
    }
    STIPEND_LET(code, new_code());
    codes_.push_back(now);
    return code;
}

Reply TargetDesk::remove(const api::Request& request) {
    const auto& id = request.path.at("id");
    const auto registered = parts_.registered_at(id);
    if (!registered) return host_failed();
    const std::lock_guard lock(mutex_);
    const auto* target = *registered ? find(id, **registered) : nullptr;
    if (target == nullptr || target->state == TargetState::none) return none_set();
    const auto before = *target;
    // The row stays with its counters, so that removing and setting it again gains nothing.
    auto next = before;
    alert::clear_target(next);
    if (!keep(std::move(next))) return host_failed();
    parts_.log(cat("alerts about ", id, " go to no target of its own any more"));
    say_replaced(before);
    return {.status = 204};
}

Reply TargetDesk::confirm(const api::Request& request) {
    const auto& id = request.path.at("id");
    const auto code = request.text("code", 64);
    if (!code) return api::problem_of(code.error());
    const auto registered = parts_.registered_at(id);
    if (!registered) return host_failed();
    const std::lock_guard lock(mutex_);
    auto* target = *registered ? find(id, **registered) : nullptr;
    if (target == nullptr || target->state == TargetState::none) return none_set();
    auto next = *target;
    const auto check = alert::check_code(next, *code, parts_.now(), new_delivery_id());
    if (check == alert::CodeCheck::right || check == alert::CodeCheck::wrong) {
        if (!keep(next)) return host_failed();
    }
    post_turn();
    switch (check) {
        case alert::CodeCheck::right:
            parts_.log(cat("the e-mail address of ", id, " is confirmed"));
            return api::json_reply(shown(next));
        case alert::CodeCheck::wrong:
            return api::problem(422, "\"code\": it is another one");
        case alert::CodeCheck::expired:
            return api::problem(409, "the code has expired: set the address again for a new one");
        case alert::CodeCheck::too_many:
            return api::problem(409, "too many wrong codes: set the address again for a new one");
        case alert::CodeCheck::none_waits:
            break;
    }
    return api::problem(409, "no code is waited for");
}

}  // namespace stipend::engine
