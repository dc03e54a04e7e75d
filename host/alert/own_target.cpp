#include "host/alert/own_target.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "host/auth/crypto.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "stipend/url.hpp"

namespace stipend::alert {
namespace {

constexpr std::size_t longest_webhook = 2'048;

struct AlertSign {
    std::string_view kind;  // with its colon
    std::uint32_t sign;
};
constexpr std::array<AlertSign, 7> alert_signs{{{"suspended:", sign_suspended},
                                                {"limit:", sign_limit},
                                                {"policy:", sign_policy},
                                                {"fees:", sign_fees},
                                                {"unlisted:", sign_unlisted},
                                                {"change:", sign_change},
                                                {"objection:", sign_objection}}};

// Signs that make one event.
struct Topic {
    std::uint32_t signs;
    const char* name;
    std::optional<OwnKind> begins, ends;
};
constexpr std::array<Topic, 5> topics{
    {{sign_down, "down", OwnKind::down, OwnKind::up},
     {sign_suspended, "suspended", OwnKind::suspended, OwnKind::resumed},
     {sign_limit | sign_policy | sign_fees | sign_unlisted, "held", OwnKind::held, OwnKind::released},
     {sign_change, "change_waiting", OwnKind::change_waiting, OwnKind::change_over},
     {sign_objection, "objection_open", std::nullopt, OwnKind::objection_answered}}};

struct KindText {
    const char* name;
    const char* sentence;
};
constexpr std::array<KindText, 12> kind_texts{
    {{"down", "Its last check failed."},
     {"up", "Its last check succeeded again."},
     {"suspended", "It is suspended after failed checks in a row."},
     {"resumed", "It is not suspended any more."},
     {"held", "Its payments are on hold: neither paid nor punished."},
     {"released", "Its payments are not on hold any more."},
     {"change_waiting",
      "A change of its payout address or worker's key waits, and comes into force unless it is cancelled."},
     {"change_over",
      "No change of its payout address or worker's key waits any more: it is in force, or was cancelled."},
     {"objection_answered", "Its objections are answered."},
     {"target_set", "Alerts about it are sent here from now on."},
     {"target_replaced", "Alerts about it are not sent here any more: the target was changed or removed."},
     {"omitted", "Some events were not sent, since there were too many on one day."}}};

constexpr std::array<std::string_view, 4> state_names{"none", "unconfirmed", "active", "off"};

std::int64_t day_of(stipend_unix_ns at) {
    return at / ns_per_day;
}

void begin_day(OwnTarget& target, stipend_unix_ns now) {
    // A clock that was set back does not begin a day anew.
    if (day_of(now) <= target.day) return;
    target.day = day_of(now);
    target.sent = target.changes = 0;
}

void push(OwnTarget& target, OwnKind kind, stipend_unix_ns now, std::string delivery_id) {
    begin_day(target, now);
    if (target.sent + target.waiting.size() >= most_events_a_day) {
        ++target.omitted;
        return;
    }
    target.waiting.push_back(
        {.kind = kind, .at = now, .delivery_id = std::move(delivery_id), .omitted = std::exchange(target.omitted, 0)});
}

void begin_anew(OwnTarget& target, bool mail, std::string address, stipend_unix_ns now) {
    const auto signs = target.signs;
    clear_target(target);
    target.signs = signs;
    target.mail = mail;
    target.address = std::move(address);
    target.set_at = now;
}

}  // namespace

std::uint32_t sign_of_alert(std::string_view alert_id) {
    for (const auto& one : alert_signs) {
        if (alert_id.starts_with(one.kind)) return one.sign;
    }
    return 0;
}

std::string_view name_of(OwnKind kind) {
    return kind_texts[static_cast<std::size_t>(kind)].name;
}

std::string_view sentence_of(OwnKind kind) {
    return kind_texts[static_cast<std::size_t>(kind)].sentence;
}

std::string_view name_of(TargetState state) {
    return state_names[static_cast<std::size_t>(state)];
}

// The URL is a secret, so no error shows it.
Result<void> check_webhook(std::string_view url) {
    const auto parts = split_url(url);
    const bool one_word = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (!parts || parts->scheme != "https" || parts->host.empty() || !one_word || url.size() > longest_webhook ||
        parts->authority.find('@') != std::string_view::npos || url.find('#') != std::string_view::npos) {
        return fail(STIPEND_E_INVALID, "\"webhook\": got another text, want https://host/path of at most ",
                    longest_webhook, " bytes, without a user name or a fragment");
    }
    return {};
}

Result<void> count_change(OwnTarget& target, stipend_unix_ns now) {
    begin_day(target, now);
    if (target.changes >= most_changes_a_day) {
        return fail(STIPEND_E_LIMIT, "the target was changed ", target.changes, " times today, want at most ",
                    most_changes_a_day);
    }
    ++target.changes;
    return {};
}

void clear_target(OwnTarget& target) {
    target.state = TargetState::none;
    target.mail = false;
    target.address.clear();
    target.code.reset();
    target.code_until = target.retry_at = target.last_success = target.set_at = 0;
    target.wrong_codes = target.failures = 0;
    target.last_error.clear();
    target.omitted = 0;
    target.signs = 0;
    target.waiting.clear();
}

void set_webhook(OwnTarget& target, std::string url, stipend_unix_ns now, std::string delivery_id) {
    begin_anew(target, false, std::move(url), now);
    target.state = TargetState::active;
    push(target, OwnKind::target_set, now, std::move(delivery_id));
}

void set_mail(OwnTarget& target, std::string address, std::string_view code, stipend_unix_ns now) {
    begin_anew(target, true, std::move(address), now);
    target.state = TargetState::unconfirmed;
    target.code = sha256(code);
    target.code_until = now + code_valid_ns;
}

CodeCheck check_code(OwnTarget& target, std::string_view code, stipend_unix_ns now, std::string delivery_id) {
    if (target.state != TargetState::unconfirmed) return CodeCheck::none_waits;
    if (!target.code) return CodeCheck::too_many;
    if (now >= target.code_until) return CodeCheck::expired;
    const auto given = sha256(code);
    if (!auth::equal_in_constant_time(std::span<const std::uint8_t>(given),
                                      std::span<const std::uint8_t>(*target.code))) {
        if (++target.wrong_codes >= most_wrong_codes) target.code.reset();
        return CodeCheck::wrong;
    }
    target.code.reset();
    target.code_until = 0;
    target.wrong_codes = 0;
    target.last_error.clear();
    target.state = TargetState::active;
    push(target, OwnKind::target_set, now, std::move(delivery_id));
    return CodeCheck::right;
}

bool observe(OwnTarget& target, std::uint32_t sign, bool is_so, stipend_unix_ns now, std::string delivery_id) {
    const auto before = target.signs;
    target.signs = is_so ? before | sign : before & ~sign;
    if (target.signs == before) return false;
    if (target.state != TargetState::active) return true;
    for (const auto& topic : topics) {
        const bool was = (before & topic.signs) != 0;
        const bool is = (target.signs & topic.signs) != 0;
        if (was == is) continue;
        if (const auto& kind = is ? topic.begins : topic.ends) push(target, *kind, now, std::move(delivery_id));
    }
    return true;
}

bool pass_time(OwnTarget& target, stipend_unix_ns now, std::string delivery_id) {
    if (target.state != TargetState::active || target.omitted == 0 || day_of(now) <= target.day) return false;
    if (target.waiting.size() >= most_events_a_day) return false;
    push(target, OwnKind::omitted, now, std::move(delivery_id));
    return true;
}

bool may_send(const OwnTarget& target, stipend_unix_ns now) {
    return target.state == TargetState::active && !target.waiting.empty() && target.retry_at <= now;
}

std::optional<stipend_unix_ns> next_wakeup(const OwnTarget& target, stipend_unix_ns now) {
    if (target.state != TargetState::active) return std::nullopt;
    if (!target.waiting.empty()) return std::max(target.retry_at, now);
    if (target.omitted != 0) return std::max((target.day + 1) * ns_per_day, now);
    return std::nullopt;
}

bool attempted(OwnTarget& target, const Attempt& attempt, stipend_unix_ns now) {
    if (target.state != TargetState::active) return false;
    begin_day(target, now);
    if (attempt.accepted) {
        if (!target.waiting.empty()) target.waiting.pop_front();
        ++target.sent;
        target.failures = 0;
        target.retry_at = 0;
        target.last_error.clear();
        target.last_success = now;
        return false;
    }
    target.last_error = attempt.why;
    target.retry_at = now + own_fault_pause_ns;
    if (attempt.own_fault) return false;
    if (++target.failures >= most_failures) {
        target.state = TargetState::off;
        target.waiting.clear();
        target.omitted = 0;
        target.retry_at = 0;
        return true;
    }
    target.retry_at =
        now + std::min(first_target_pause_ns << std::min(target.failures - 1, 30U), longest_target_pause_ns);
    return false;
}

Json signs_json(std::uint32_t signs) {
    auto out = Json::array();
    for (const auto& topic : topics) {
        if ((signs & topic.signs) != 0) out.push(topic.name);
    }
    return out;
}

Json own_message(const OwnTarget& target, const OwnEvent& event) {
    return Json::object()
        .append("version", 1)
        .append("delivery_id", event.delivery_id)
        .append("orchestrator", target.orchestrator)
        .append("event", name_of(event.kind))
        .append("text", sentence_of(event.kind))
        .append("at", utc_text(event.at))
        .append("now", signs_json(target.signs))
        .append("omitted", event.omitted);
}

}  // namespace stipend::alert
