#include "host/runtime/alert_delivery.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "host/alert/labels.hpp"
#include "host/alert/rules.hpp"
#include "host/base/recurring.hpp"
#include "host/base/time.hpp"
#include "stipend/abi/alert.h"
#include "stipend/record.hpp"

namespace stipend::runtime {
namespace {

constexpr std::int64_t store_pause_ns = 10 * ns_per_s;  // between two tries to use a store that failed
constexpr std::int64_t least_confirm_ns = 900 * ns_per_s;
constexpr std::int64_t end_patience_ns = 2 * ns_per_s;
constexpr std::size_t max_title_bytes = 300;

std::uint64_t random_bits() {
    std::random_device source;
    return std::uint64_t{source()} << 32U | source();
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

// The texts that the records of a message point to.
struct MessageText {
    std::vector<std::string> titles, labels;
    alert::Message message;
    std::vector<stipend_alert> alerts;
    stipend_alert_message raw{};
};

std::string labels_of(const alert::Pending& one, const std::string& host, const std::string& role) {
    const auto labels = alert::labels_of(one.alert_id);
    auto out = Json::object()
                   .append("host", host)
                   .append("role", role)
                   .append("kind", labels.kind)
                   .append("subject", labels.subject);
    if (!labels.orchestrator.empty()) out.append("orchestrator", labels.orchestrator);
    return out.dump();
}

std::shared_ptr<MessageText> text_of(alert::Message message, const std::string& host, const std::string& role) {
    auto out = std::make_shared<MessageText>();
    out->message = std::move(message);
    const auto& from = out->message.alerts;
    for (const auto& one : from) {
        out->titles.emplace_back(clip(one.alert_id, max_title_bytes));
        out->labels.push_back(labels_of(one, host, role));
    }
    for (std::size_t at = 0; at < from.size(); ++at) {
        auto& to = out->alerts.emplace_back(make_record<stipend_alert>());
        const auto& one = from[at];
        to.severity = one.severity;
        to.status = one.resolved ? STIPEND_ALERT_RESOLVED : STIPEND_ALERT_FIRING;
        to.flags = (one.repeated ? std::uint32_t{STIPEND_ALERT_REPEATED} : 0U) |
                   (one.test ? std::uint32_t{STIPEND_ALERT_TEST} : 0U);
        to.delivery_id = to_abi(one.delivery_id);
        to.alert_id = to_abi(one.alert_id);
        to.title = to_abi(out->titles[at]);
        to.body = to_abi(one.text);
        to.labels_json = to_abi(out->labels[at]);
        to.starts_at = one.since;
        to.ends_at = one.ended;
    }
    out->raw = make_record<stipend_alert_message>();
    out->raw.alerts = out->alerts.data();
    out->raw.count = out->alerts.size();
    out->raw.stride = sizeof(stipend_alert);
    out->raw.omitted = out->message.omitted;
    out->raw.dropped = out->message.dropped;
    return out;
}

// A damaged store is moved aside, once; a newer damaged one replaces it.
void set_aside(const std::filesystem::path& file) {
    std::error_code none;
    std::filesystem::rename(file, file.native() + ".damaged", none);
    std::filesystem::remove(file.native() + "-wal", none);
    std::filesystem::remove(file.native() + "-shm", none);
}

}  // namespace

AlertDelivery::AlertDelivery(Surroundings surroundings, std::shared_ptr<Lane> lane)
    : surroundings_(std::move(surroundings)), host_name_(host_name()), lane_(std::move(lane)), router_(&random_bits) {}

std::shared_ptr<AlertDelivery> AlertDelivery::create(Surroundings surroundings, std::shared_ptr<Lane> lane,
                                                     bool stores) {
    std::shared_ptr<AlertDelivery> self(new AlertDelivery(std::move(surroundings), std::move(lane)));
    self->stores_ = stores;
    if (stores) {
        self->open_store(self->surroundings_.line->now());
        for (const auto& [id, one] : self->router_.active()) self->fired_before_.insert(id);
    }
    return self;
}

void AlertDelivery::take(alert::Notice notice) {
    if (stopping_) return;
    if (waiting_notices_.fetch_add(1) >= max_waiting_notices) {
        --waiting_notices_;
        ++lost_notices_;
        return;
    }
    lane_->post([weak = weak_from_this(), notice = std::move(notice)] {
        const auto self = weak.lock();
        if (!self) return;
        --self->waiting_notices_;
        self->router_.take(notice, self->surroundings_.line->now());
        // Those that wait behind it are written with it.
        if (std::exchange(self->turn_posted_, true)) return;
        self->lane_->post([weak] {
            if (const auto same = weak.lock()) same->turn();
        });
    });
}

void AlertDelivery::install(const config::Alerts& settings, std::int64_t interval_ns, const InstanceSet& instances) {
    alert::Rules rules{.repeat_ns = settings.repeat_ns,
                       .group_wait_ns = settings.group_wait_ns,
                       .confirm_ns = std::max(least_confirm_ns, 2 * interval_ns)};
    std::map<std::string, Target> targets;
    for (const auto& one : settings.receivers) {
        const auto found = instances.find(receiver_key(one.name));
        if (found == instances.end()) continue;
        targets[one.name] = {found->second.instance, one.deadline_ns};
        auto& receiver = rules.receivers.emplace_back();
        receiver.name = one.name;
        receiver.per_minute = one.per_minute;
        if (one.quiet.schedule.empty()) continue;
        // The configuration was checked, so it is one.
        if (auto quiet = Recurring::make(one.quiet.schedule, one.quiet.zone, one.quiet.duration_ns))
            receiver.quiet = std::move(quiet).value();
    }
    for (const auto& one : settings.routes) {
        rules.routes.push_back({.severity = static_cast<std::int32_t>(one.severity) + STIPEND_ALERT_INFO,
                                .match = one.match,
                                .kind = one.kind,
                                .subject = one.subject,
                                .orchestrator = one.orchestrator,
                                .receivers = one.receivers});
    }
    lane_->post([weak = weak_from_this(), rules = std::move(rules), targets = std::move(targets)]() mutable {
        const auto self = weak.lock();
        if (!self) return;
        const auto now = self->surroundings_.line->now();
        self->stores_ = self->stores_ || !rules.receivers.empty();
        if (self->stores_ && !self->store_) self->open_store(now);
        self->targets_ = std::move(targets);
        self->router_.configure(std::move(rules), now);
        self->end_trials_of_removed();
        self->turn();
    });
}

bool AlertDelivery::stop() {
    if (stopping_.exchange(true)) return true;
    if (!lane_->end_within(end_patience_ns)) return false;
    if (timer_ != 0) lane_->cancel_timer(std::exchange(timer_, 0));
    for (auto& [number, trial] : trials_) trial.answer(fail(STIPEND_E_STATE, "the host is stopping"));
    trials_.clear();
    return true;
}

void AlertDelivery::end_trials_of_removed() {
    std::erase_if(trials_, [&](auto& one) {
        auto& [number, trial] = one;
        if (targets_.contains(trial.receiver)) return false;
        trial.answer(fail(STIPEND_E_CANCELLED, trial.receiver, ": it left the configuration"));
        return true;
    });
}

void AlertDelivery::turn() {
    turn_posted_ = false;
    const auto now = surroundings_.line->now();
    router_.tick(now);
    flush();
    while (auto message = router_.next_message(now)) send(std::move(*message));
    refresh_metrics();
    arm(router_.next_wakeup(now));
}

// What cannot be stored is delivered all the same: a full disk is what alerts are about.
void AlertDelivery::open_store(stipend_unix_ns now) {
    if (now < store_retry_at_) return;
    const auto file = alert::store_file(surroundings_.state_folder);
    auto opened = alert::Store::open(file);
    auto state = opened ? (*opened)->load() : Result<alert::State>(opened.error());
    // Any other error may be the system's, and the file sound.
    if (!state && state.error().status == STIPEND_E_INVALID) {
        surroundings_.log->error(
            cat("alerts: ", file.native(), " cannot be used and is moved aside: ", state.error().message));
        opened = fail(STIPEND_E_UNAVAILABLE, "moved aside");
        set_aside(file);
        opened = alert::Store::open(file);
        state = opened ? (*opened)->load() : Result<alert::State>(opened.error());
    }
    if (!state) {
        if (!store_failed_) surroundings_.log->error("alerts are not stored: " + state.error().message);
        store_failed_ = true;
        store_retry_at_ = now + store_pause_ns;
        return;
    }
    store_ = std::move(opened).value();
    if (!std::exchange(store_was_read_, true)) router_.restore(std::move(state).value(), now);
}

void AlertDelivery::flush() {
    auto changes = router_.take_changes();
    if (!stores_) return;
    const auto now = surroundings_.line->now();
    if (!store_) open_store(now);
    if (!store_) return;
    if (store_failed_) changes = router_.everything();
    const auto written = store_->write(changes);
    if (written) {
        if (std::exchange(store_failed_, false)) surroundings_.log->info("alerts are stored again");
        return;
    }
    if (!store_failed_) surroundings_.log->error("alerts are not stored: " + written.error().message);
    store_failed_ = true;
    store_.reset();
    store_retry_at_ = now + store_pause_ns;
}

void AlertDelivery::send(alert::Message message) {
    const auto receiver = message.receiver;
    if (message.alerts.front().test) trial_of_[receiver] = message.alerts.front().number;
    const auto found = targets_.find(receiver);
    const auto done = [weak = weak_from_this(), receiver](const Result<void>& result) {
        const auto self = weak.lock();
        if (!self) return;
        self->lane_->post([weak, receiver, result] {
            if (const auto same = weak.lock()) same->ended(receiver, result);
        });
    };
    if (found == targets_.end()) return done(fail(STIPEND_E_UNAVAILABLE, receiver, ": there is no instance of it"));
    const auto text = text_of(std::move(message), host_name_, surroundings_.role);
    const auto* table = static_cast<const stipend_alert_v1*>(found->second.instance->table(STIPEND_ALERT));
    if (table == nullptr) return done(fail(STIPEND_E_UNAVAILABLE, receiver, ": it is no receiver any more"));
    found->second.instance->begin(
        [table, text](stipend_instance* instance, stipend_completion completion, stipend_error* error) {
            return table->deliver(instance, &text->raw, completion, error);
        },
        [done](Result<const void*> record) { done(record ? Result<void>() : Result<void>(record.error())); },
        {.what = "message", .deadline_ns = found->second.deadline_ns, .has_record = false});
}

void AlertDelivery::ended(const std::string& receiver, const Result<void>& result) {
    const auto now = surroundings_.line->now();
    router_.ended(receiver, result, now);
    if (const auto number = trial_of_.find(receiver); number != trial_of_.end()) {
        const auto trial = trials_.extract(number->second);
        trial_of_.erase(number);
        if (!trial.empty()) trial.mapped().answer(result);
        return turn();
    }
    for (const auto& state : router_.receivers(now)) {
        if (state.name == receiver) report(receiver, state, result);
    }
    turn();
}

// Beside the log, an alert, which other receivers carry.
void AlertDelivery::report(const std::string& receiver, const alert::ReceiverState& state, const Result<void>& result) {
    auto& log = *surroundings_.log;
    const auto owner = alert::instance_name(receiver);
    if (result) {
        if (troubled_.erase(receiver) != 0 && surroundings_.alerts != nullptr) {
            surroundings_.alerts->resolve_for(owner, "undelivered");
        }
        return;
    }
    const auto why = cat("the receiver ", receiver, " does not accept alerts: ", result.error().message);
    const bool lost = result.error().permanent;
    if (lost || state.failures == 1) {
        log.warn(
            cat(why, lost ? std::string(": not tried again") : cat(": ", state.pending, " wait, and are tried again")));
    }
    if (!lost && state.failures < failures_for_alert) return;
    if (troubled_.insert(receiver).second && surroundings_.alerts != nullptr) {
        surroundings_.alerts->raise_for(owner, "undelivered", STIPEND_ALERT_WARNING, why);
    }
}

void AlertDelivery::arm(std::optional<stipend_unix_ns> at) {
    if (store_failed_) at = std::min(at.value_or(store_retry_at_), store_retry_at_);
    if (timer_ != 0 && at && timer_at_ == *at) return;
    if (timer_ != 0) lane_->cancel_timer(std::exchange(timer_, 0));
    if (!at) return;
    timer_at_ = *at;
    const auto wait = std::max<std::int64_t>(*at - surroundings_.line->now(), 0);
    timer_ = lane_->after(wait, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->timer_ = 0;
        self->turn();
    });
}

void AlertDelivery::refresh_metrics() {
    std::uint64_t delivered = 0, rejected = 0, dropped = lost_notices_ + router_.beyond_bound();
    std::size_t pending = 0;
    for (const auto& one : router_.receivers(surroundings_.line->now())) {
        delivered += one.delivered;
        rejected += one.rejected;
        dropped += one.dropped;
        pending += one.pending;
    }
    auto& metrics = *surroundings_.metrics;
    metrics.raise_counter("alerts_delivered_total", "Alerts that a receiver has accepted.",
                          static_cast<double>(delivered));
    metrics.raise_counter("alerts_rejected_total", "Alerts that a receiver refuses for good.",
                          static_cast<double>(rejected));
    metrics.raise_counter("alerts_dropped_total", "Alerts that were lost since too many were waiting.",
                          static_cast<double>(dropped));
    metrics.set_gauge("alerts_pending", "Alerts that wait for a receiver.", static_cast<double>(pending));
}

}  // namespace stipend::runtime
