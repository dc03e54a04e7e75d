// The lists of a session, and the inspections that follow them.
#include <algorithm>

#include "docker_session.hpp"

namespace monitor::docker {

using stipend::cat;
using stipend::HttpReply;
using stipend::ns_per_ms;
using stipend::ns_per_s;

namespace {

constexpr std::size_t max_inspections = 8;  // at once
constexpr std::int64_t settle_ns = 200 * ns_per_ms;
constexpr std::int64_t least_between_lists_ns = ns_per_s;
constexpr int late_after = 2;  // so many intervals without a list are time without observation

}  // namespace

void Session::look_soon() {
    if (!watching_ || soon_timer_ != nullptr) return;
    const auto earliest = list_sent_at_ + least_between_lists_ns - host_.monotonic();
    soon_timer_ = std::make_unique<stipend::Timer>(host_, std::max(settle_ns, earliest), ours([](Session& self) {
                                                       self.soon_timer_.reset();
                                                       self.look();
                                                   }));
}

void Session::look() {
    if (looking_) {
        look_again_ = true;
        return;
    }
    looking_ = true;
    const auto sent = host_.monotonic();
    list_sent_at_ = sent;
    narrow_list_.clear();
    ask_list(0, sent);
}

// The list since `sent`: of all containers, or of one filter after the other.
void Session::ask_list(std::size_t filter, stipend_mono_ns sent) {
    const auto only = narrow_ ? cat("&filters=", filters_[filter]) : std::string();
    get(
        path(cat("/containers/json?all=1", only)), max_list_bytes,
        [this, filter, sent](const HttpReply& reply) { on_list(reply, filter, sent); }, settings_.timeout_ms);
}

// True if the list was too large because of other containers, and one without them is requested instead.
bool Session::narrow_list(const stipend::Error& error) {
    if (error.status != STIPEND_E_LIMIT || narrow_ || filters_.empty()) return false;
    narrow_ = true;
    host_.log(STIPEND_LOG_WARN, cat(settings_.engine.shown, ": ", error.message,
                                    "; from now on only the watched containers are listed, and none is discovered"));
    look();
    return true;
}

void Session::on_list(const HttpReply& reply, std::size_t filter, stipend_mono_ns sent) {
    looking_ = false;
    const auto query = path("/containers/json");
    if (const auto well = check_answer(query, reply); !well) {
        if (!narrow_list(well.error())) lose(clock_.at(sent), well.error().message);
        return;
    }
    auto list = parse_list(reply.body());
    if (!list && narrow_list(list.error())) return;
    if (!list) return lose(clock_.at(sent), unreadable(query, list.error()));
    for (const auto& entry : *list) {
        if (!entry.unread.empty()) leave_out("the entry", entry.id, entry.unread);
    }
    if (!narrow_) return take_list(*list, sent);
    for (auto& entry : *list) {
        const auto listed = [&](const Listed& other) { return !entry.id.empty() && other.id == entry.id; };
        if (std::none_of(narrow_list_.begin(), narrow_list_.end(), listed)) narrow_list_.push_back(std::move(entry));
    }
    if (filter + 1 == filters_.size()) return take_list(std::exchange(narrow_list_, {}), sent);
    looking_ = true;
    ask_list(filter + 1, sent);
}

void Session::take_list(const std::vector<Listed>& list, stipend_mono_ns sent) {
    const auto at = clock_.at(sent);
    inspected_.clear();
    if (alone_) tracker_.doubt();
    if (!watching_ || sent - looked_at_ > late_after * settings_.every_ns) {
        tracker_.resume(list, std::exchange(missed_, {}), at);
    } else {
        tracker_.sample(list, at);
        if (!alone_ && tracker_.events_missing()) go_alone("the event stream did not announce a change");
    }
    looked_at_ = sent;
    if (!watching_) {
        watching_ = true;
        lost_since_ = 0;
        back_off_ns_ = 0;
        next_look_at_ = list_sent_at_;
        if (!trouble_said_.empty()) {
            host_.log(STIPEND_LOG_INFO, cat(settings_.engine.shown, ": the engine answers again"));
        }
        trouble_said_.clear();
        trouble_({});
    }
    inspect_stale();
    if (std::exchange(look_again_, false)) look_soon();
    // From its due time, so that the interval does not drift; missed ones are skipped.
    const auto now = host_.monotonic();
    while (next_look_at_ <= now) next_look_at_ += settings_.every_ns;
    sample_timer_ =
        std::make_unique<stipend::Timer>(host_, next_look_at_ - now, ours([](Session& self) { self.look(); }));
}

void Session::inspect_stale() {
    for (const auto& id : tracker_.stale()) {
        if (inspecting_.size() >= max_inspections) return;  // the end of an inspection starts the next
        if (inspecting_.count(id) != 0 || !inspected_.insert(id).second) continue;
        inspecting_.insert(id);
        const auto sent = host_.monotonic();
        if (!get(
                path(cat("/containers/", id, "/json")), max_details_bytes,
                [this, id, sent](const HttpReply& reply) { on_details(id, reply, sent); }, settings_.timeout_ms)) {
            return;
        }
    }
}

void Session::on_details(const std::string& id, const HttpReply& reply, stipend_mono_ns sent) {
    inspecting_.erase(id);
    const auto query = path(cat("/containers/", id.substr(0, 12), "/json"));
    if (const auto well = check_answer(query, reply); !well) {
        // It was removed after it was listed.
        if (reply.status == STIPEND_OK && reply.http_status() == 404) {
            look_soon();
        } else {
            tracker_.no_details(id, well.error().message);
        }
    } else if (const auto details = parse_details(reply.body()); !details) {
        tracker_.no_details(id, unreadable(query, details.error()));
    } else {
        tracker_.details(*details, clock_.at(sent));
    }
    inspect_stale();
}

}  // namespace monitor::docker
