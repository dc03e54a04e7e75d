#include "tools/flow/source.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "host/base/percent.hpp"

namespace stipend::flow {
namespace {

constexpr std::size_t part_size = 200;             // the most that the API lists at once
constexpr std::size_t most_payment_parts = 25;     // for the uptime strips
constexpr std::size_t strip_begins_with = 20;      // checks of each lane
constexpr std::size_t most_news = 10'000;          // beyond, all is read again
constexpr std::size_t most_asked_alone = 4;        // more are asked for by the list
constexpr std::int64_t between_requests_ms = 100;  // half of the rate that the API grants
constexpr std::int64_t try_again_ms = 1'000;
constexpr auto all_again_after = std::chrono::seconds(10);

constexpr std::string_view orchestrators_path = "/api/v1/livepeer/orchestrators";

using GoesOn = std::function<bool()>;
// Takes a part's items; false: enough.
using TakePart = std::function<bool(const Json& items)>;

// Reads a list part by part. True: it has been read to its end.
Result<bool> read_parts(const Api& api, std::string_view path, std::string_view name, std::size_t most,
                        const GoesOn& goes_on, const TakePart& take) {
    std::string cursor;
    for (std::size_t part = 0; part < most; ++part) {
        if (!goes_on()) return fail(STIPEND_E_CANCELLED, "stopped");
        STIPEND_LET(answer, api.get(cat(path, "?limit=", part_size, cursor.empty() ? "" : "&cursor=", cursor)));
        const auto* items = answer.find(name);
        if (items == nullptr) return fail(STIPEND_E_INVALID, path, ": the answer has no \"", name, "\"");
        const bool more = take(*items);
        const auto next = text_of(answer, "next_cursor");
        if (next == "-") return true;
        if (!more) return false;
        cursor = url_part(next);
    }
    return false;
}

Result<Json> read_orchestrators(const Api& api, const GoesOn& goes_on) {
    auto out = Json::array();
    STIPEND_LET(whole, read_parts(api, orchestrators_path, "orchestrators", most_lanes / part_size, goes_on,
                                  [&](const Json& items) {
                                      for (const auto& one : items.items()) out.push(one);
                                      return true;
                                  }));
    if (!whole) return fail(STIPEND_E_LIMIT, "the manager has more than ", most_lanes, " orchestrators");
    return out;
}

// The newest payments, until each lane has some or there are too many.
Result<std::vector<Json>> read_payments(const Api& api, const Json& orchestrators, const GoesOn& goes_on) {
    std::map<std::string, std::size_t> left;
    for (const auto& one : orchestrators.items()) left[text_of(one, "orchestrator_id")] = strip_begins_with;
    std::vector<Json> out;
    const auto take = [&](const Json& items) {
        for (const auto& one : items.items()) {
            const auto found = left.find(text_of(one, "orchestrator"));
            if (found != left.end() && --found->second == 0) left.erase(found);
        }
        out.push_back(items);
        return !left.empty();
    };
    const auto read = read_parts(api, "/api/v1/livepeer/payments", "payments", most_payment_parts, goes_on, take);
    if (!read) return read.error();
    return out;
}

}  // namespace

Result<Snapshot> read_snapshot(const Api& api, const GoesOn& goes_on) {
    Snapshot out;
    STIPEND_SET(out.orchestrators, read_orchestrators(api, goes_on));
    STIPEND_SET(out.payments, read_payments(api, out.orchestrators, goes_on));
    STIPEND_SET(out.payouts_complete, read_parts(api, "/api/v1/livepeer/payouts", "payouts", most_payouts / part_size,
                                                 goes_on, [&](const Json& items) {
                                                     for (const auto& one : items.items()) out.payouts.push(one);
                                                     return true;
                                                 }));
    return out;
}

void apply(Model& model, const Snapshot& snapshot) {
    model.take_orchestrators(snapshot.orchestrators);
    for (const auto& part : snapshot.payments) model.take_payments(part);
    model.take_payouts(snapshot.payouts, snapshot.payouts_complete);
}

Source::Source(const Api& api, std::function<void()> wake) : api_(api), wake_(std::move(wake)) {
    thread_ = std::thread([this] { run(); });
}

Source::~Source() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    api_.stop();
    thread_.join();
}

std::vector<Source::News> Source::take() {
    const std::lock_guard lock(mutex_);
    std::vector<News> out(std::make_move_iterator(news_.begin()), std::make_move_iterator(news_.end()));
    news_.clear();
    return out;
}

void Source::refresh(const std::string& id) {
    const std::lock_guard lock(mutex_);
    stale_.insert(id);
    changed_.notify_all();
}

void Source::explain(const std::string& id, std::uint64_t epoch) {
    const std::lock_guard lock(mutex_);
    question_ = {id, epoch};
    changed_.notify_all();
}

void Source::keep(News news) {
    if (news_.size() < most_news) return news_.push_back(std::move(news));
    if (!end_) end_ = fail(STIPEND_E_LIMIT, "events come faster than they are shown");
    changed_.notify_all();
}

void Source::post(News news) {
    {
        const std::lock_guard lock(mutex_);
        keep(std::move(news));
    }
    wake_();
}

void Source::take_event(std::string name, Json data) {
    if (name == "gap") return ended(fail(STIPEND_E_UNAVAILABLE, "events are missing"));
    News news{.change = [this, name = std::move(name), data = std::move(data)](Model& to) {
        const auto id = to.take_event(name, data);
        if (!id.empty() && id != "-") refresh(id);
    }};
    {
        const std::lock_guard lock(mutex_);
        if (ready_) {
            keep(std::move(news));
        } else if (early_.size() < most_news) {
            early_.push_back(std::move(news));
        } else if (!end_) {
            end_ = fail(STIPEND_E_LIMIT, "events come faster than the orchestrators are read");
        }
    }
    wake_();
}

void Source::post_snapshot(Snapshot snapshot) {
    {
        const std::lock_guard lock(mutex_);
        keep({.change = [snapshot = std::move(snapshot)](Model& to) { apply(to, snapshot); }, .connection = ""});
        for (auto& news : early_) keep(std::move(news));
        early_.clear();
        ready_ = true;
    }
    wake_();
}

void Source::ended(Error why) {
    const std::lock_guard lock(mutex_);
    if (!end_) end_ = std::move(why);
    changed_.notify_all();
}

bool Source::pause(std::int64_t ms) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return stopping_; });
}

void Source::run() {
    while (true) {
        auto why = follow_once();
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
        }
        if (why.status == STIPEND_E_INVALID) return post({.refused = std::move(why)});
        post({.connection = cat("connecting again: ", why.message)});
        if (!pause(try_again_ms)) return;
    }
}

bool Source::wait_for_opening() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || end_ || opened_; });
    return opened_ && !stopping_ && !end_;
}

Error Source::follow_once() {
    {
        const std::lock_guard lock(mutex_);
        end_.reset();
        opened_ = false;
        ready_ = false;
        early_.clear();
    }
    // What a stream still calls after its end is not of the next one.
    const auto alive = std::make_shared<std::atomic<bool>>(true);
    auto opened = [this, alive] {
        const std::lock_guard lock(mutex_);
        if (*alive) opened_ = true;
        changed_.notify_all();
    };
    auto event = [this, alive](std::string name, Json data) {
        if (*alive) take_event(std::move(name), std::move(data));
    };
    auto end = [this, alive](Error why) {
        if (*alive) ended(std::move(why));
    };
    const auto stream =
        api_.follow({.on_open = std::move(opened), .on_event = std::move(event), .on_end = std::move(end)});
    if (!stream) return stream.error();
    const auto worked = wait_for_opening() ? work() : Result<void>();
    *alive = false;
    api_.cancel(*stream);
    if (!worked) return worked.error();
    const std::lock_guard lock(mutex_);
    return end_ ? *end_ : fail(STIPEND_E_CANCELLED, "stopped");
}

Result<void> Source::work() {
    STIPEND_LET(snapshot, read_snapshot(api_, [this] { return pause(between_requests_ms); }));
    post_snapshot(std::move(snapshot));
    std::set<std::string> ids;
    std::optional<Question> question;
    while (wait_for_work(ids, question)) {
        if (!question) {
            STIPEND_TRY(ask_standings(ids));
            continue;
        }
        post({.explanation = api_.get(cat(orchestrators_path, "/", url_part(question->id), "/payments/",
                                          question->epoch, "/explanation"))});
    }
    return {};
}

bool Source::wait_for_work(std::set<std::string>& ids, std::optional<Question>& question) {
    if (!pause(between_requests_ms)) return false;
    std::unique_lock lock(mutex_);
    const auto work = [this] { return stopping_ || end_ || question_ || !stale_.empty(); };
    changed_.wait_for(lock, all_again_after, work);
    if (stopping_ || end_) return false;
    question = std::exchange(question_, std::nullopt);
    ids.clear();
    if (!question) ids.swap(stale_);
    return true;
}

Result<void> Source::ask_standings(const std::set<std::string>& ids) {
    if (ids.empty() || ids.size() > most_asked_alone) {
        STIPEND_LET(list, read_orchestrators(api_, [this] { return pause(between_requests_ms); }));
        post({.change = [list = std::move(list)](Model& to) { to.take_orchestrators(list); }});
        return {};
    }
    for (const auto& id : ids) {
        auto one = api_.get(cat(orchestrators_path, "/", url_part(id), "/status"));
        // It may have been removed, which the list says.
        if (!one && one.error().status == STIPEND_E_INVALID) return ask_standings({});
        if (!one) return one.error();
        post({.change = [one = std::move(*one)](Model& to) { to.take_orchestrator(one); }});
        if (!pause(between_requests_ms)) break;
    }
    return {};
}

}  // namespace stipend::flow
