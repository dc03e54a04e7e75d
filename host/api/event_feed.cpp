#include "host/api/event_feed.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <mutex>

#include "stipend/duration.hpp"

namespace stipend::api {
namespace {

constexpr std::int64_t look_every_ns = 500 * ns_per_ms;  // at heartbeats
constexpr std::int32_t after_all_parts = INT32_MAX;

std::string text_of(const Event& event) {
    return cat("id: ", event_id(event.place), "\nevent: ", event.name, "\ndata: ", event.data, "\n\n");
}

std::string gap_text(const EventPlace& from, std::string_view why) {
    return cat("event: gap\ndata: {\"after\":\"", event_id(from), "\",\"reason\":\"", why, "\"}\n\n");
}

}  // namespace

std::string event_id(const EventPlace& place) {
    return cat("e", place.row, ".", place.part);
}

Result<EventPlace> parse_event_id(std::string_view text) {
    EventPlace out;
    const auto* end = text.data() + text.size();
    if (text.starts_with('e')) {
        const auto row = std::from_chars(text.data() + 1, end, out.row);
        if (row.ec == std::errc() && row.ptr != end && *row.ptr == '.' && out.row >= 0) {
            const auto part = std::from_chars(row.ptr + 1, end, out.part);
            if (part.ec == std::errc() && part.ptr == end && out.part >= 0 && event_id(out) == text) return out;
        }
    }
    return fail(STIPEND_E_INVALID, "Last-Event-ID: want the id of an event of this host");
}

// Locks: `mutex` guards all below it. The source is read without it.
struct EventFeed::State : std::enable_shared_from_this<EventFeed::State> {
    State(EventSource& from, const Clock& by, std::shared_ptr<Lane> on, EventFeedOptions given)
        : source(from), clock(by), lane(std::move(on)), options(std::move(given)) {}

    EventSource& source;
    const Clock& clock;
    const std::shared_ptr<Lane> lane;
    const EventFeedOptions options;
    std::mutex mutex;
    bool stopping = false;
    bool news = false;
    bool posted = false;       // `work`
    std::deque<Event> shared;  // all events behind `shared_from`, up to the row `shared_to`
    EventPlace shared_from;
    std::int64_t shared_to = 0;
    std::size_t bytes = 0;  // of `shared`
    std::size_t readers = 0;
    std::vector<std::weak_ptr<Stream>> streams;
    std::deque<std::weak_ptr<Stream>> behind;  // that wait for a part from the source

    // With the mutex held: there is news, or a stream is behind.
    void wake() {
        if (!std::exchange(posted, true)) lane->post([this] { work(); });
    }
    // On the lane:
    void work();
    void take_news();
    void share(EventSource::Part part);
    void catch_up(const std::shared_ptr<Stream>& stream);
    void look_at_heartbeats();
    [[nodiscard]] std::vector<std::shared_ptr<Stream>> living();
};

class EventFeed::Stream final : public http::BodyStream, public std::enable_shared_from_this<Stream> {
  public:
    Stream(std::shared_ptr<State> state, Reader reader, EventPlace after, std::string first)
        : state_(std::move(state)),
          reader_(std::move(reader)),
          after_(after),
          waiting_(std::move(first)),
          sent_at_(state_->clock.monotonic()),
          checked_at_(sent_at_) {}
    ~Stream() override {
        const std::lock_guard lock(state_->mutex);
        --state_->readers;
    }

    void begin(std::function<void()> wake) override {
        const std::lock_guard lock(state_->mutex);
        wake_ = std::move(wake);
    }
    void end() override {
        const std::lock_guard lock(state_->mutex);
        wake_ = nullptr;
        over_ = true;
    }
    Piece next() override {
        const std::lock_guard lock(state_->mutex);
        if (over_ || state_->stopping) return {.over = true};
        if (waiting_.empty() && !catching_up_) take_shared();
        if (waiting_.empty() && heartbeat_) waiting_ = ":\n\n";
        if (waiting_.empty()) return {};
        heartbeat_ = false;
        sent_at_ = state_->clock.monotonic();
        return {.text = std::exchange(waiting_, {})};
    }

    // Below with the mutex held.
    void wake() const {
        if (wake_) wake_();
    }
    [[nodiscard]] bool wants(const Event& event) const {
        return reader_.orchestrator.empty() || event.orchestrator == reader_.orchestrator;
    }
    // Takes what is shared, or has what it missed read.
    void take_shared() {
        const auto& shared = state_->shared;
        if (after_ < state_->shared_from) {
            if (live_) waiting_ = gap_text(after_, "slow");
            live_ = false;
            catching_up_ = true;
            state_->behind.push_back(weak_from_this());
            state_->wake();
            return;
        }
        live_ = true;
        auto at = std::upper_bound(shared.begin(), shared.end(), after_,
                                   [](const EventPlace& place, const Event& event) { return place < event.place; });
        for (; at != shared.end() && waiting_.size() < state_->options.piece_bytes; ++at) {
            if (wants(*at)) waiting_ += text_of(*at);
            after_ = at->place;
        }
    }

    const std::shared_ptr<State> state_;
    const Reader reader_;
    EventPlace after_;     // what was taken last
    std::string waiting_;  // what is sent next
    std::int64_t sent_at_;
    std::int64_t checked_at_;  // when the reader was last found to be allowed to read
    std::function<void()> wake_;
    bool live_ = false;  // it has reached what is shared
    bool catching_up_ = false;
    bool heartbeat_ = false;
    bool over_ = false;
};

std::vector<std::shared_ptr<EventFeed::Stream>> EventFeed::State::living() {
    std::vector<std::shared_ptr<Stream>> out;
    std::erase_if(streams, [&](const std::weak_ptr<Stream>& one) {
        auto stream = one.lock();
        if (!stream) return true;
        out.push_back(std::move(stream));
        return false;
    });
    return out;
}

void EventFeed::State::work() {
    std::unique_lock lock(mutex);
    posted = false;
    while (!stopping && (news || !behind.empty())) {
        if (std::exchange(news, false)) {
            lock.unlock();
            take_news();
            lock.lock();
        }
        if (behind.empty()) continue;
        const auto stream = behind.front().lock();
        behind.pop_front();
        // Released without the mutex, which its end takes.
        lock.unlock();
        if (stream) catch_up(stream);
        lock.lock();
    }
}

void EventFeed::State::take_news() {
    for (;;) {
        auto part = source.read(shared_to, options.rows_at_once);  // shared_to is changed on the lane only
        if (!part) return;                                         // it is read again at the next news
        const bool more = part->last != shared_to;
        const bool any = !part->events.empty();
        const auto all = [&] {
            const std::lock_guard lock(mutex);
            share(std::move(*part));
            return any ? living() : std::vector<std::shared_ptr<Stream>>();
        }();
        // A stream that is released here may be the last: never with the mutex held.
        for (const auto& stream : all) {
            const std::lock_guard lock(mutex);
            stream->wake();
        }
        const std::lock_guard lock(mutex);
        if (!more || stopping) return;
    }
}

void EventFeed::State::share(EventSource::Part part) {
    for (auto& event : part.events) {
        bytes += event.data.size() + event.name.size() + event.orchestrator.size() + sizeof(Event);
        shared.push_back(std::move(event));
    }
    shared_to = part.last;
    while (bytes > options.shared_bytes && !shared.empty()) {
        const auto& first = shared.front();
        bytes -= first.data.size() + first.name.size() + first.orchestrator.size() + sizeof(Event);
        shared_from = first.place;
        shared.pop_front();
    }
}

void EventFeed::State::catch_up(const std::shared_ptr<Stream>& stream) {
    EventPlace after;
    {
        const std::lock_guard lock(mutex);
        after = stream->after_;
    }
    // The row of the last event again: it may have more.
    const auto part = source.read(after.row > 0 ? after.row - 1 : 0, options.rows_at_once);
    const std::lock_guard lock(mutex);
    stream->catching_up_ = false;
    if (!part) {
        stream->over_ = true;  // the reader comes again, and goes on where it was
        return stream->wake();
    }
    if (part->lost) stream->waiting_ += gap_text(after, "archived");
    bool whole = true;
    for (const auto& event : part->events) {
        if (event.place <= after) continue;
        if (stream->waiting_.size() >= options.piece_bytes) {
            whole = false;
            break;
        }
        if (stream->wants(event)) stream->waiting_ += text_of(event);
        stream->after_ = event.place;
    }
    if (whole) stream->after_ = std::max(stream->after_, EventPlace{part->last, after_all_parts});
    stream->wake();
}

void EventFeed::State::look_at_heartbeats() {
    const auto now = clock.monotonic();
    struct Due {
        std::shared_ptr<Stream> stream;
        bool silent = false;
    };
    std::vector<std::shared_ptr<Stream>> all;  // released without the mutex, which the end of a stream takes
    std::vector<Due> due;
    {
        const std::lock_guard lock(mutex);
        all = living();
        for (const auto& stream : all) {
            const bool silent = !stream->heartbeat_ && now - stream->sent_at_ >= options.heartbeat_ns;
            // Also of one that is never silent: a login that ended does not go on reading.
            if (silent || now - stream->checked_at_ >= options.heartbeat_ns) due.push_back({stream, silent});
        }
    }
    for (const auto& [stream, silent] : due) {
        const bool may_read = !stream->reader_.may_read || stream->reader_.may_read();
        const std::lock_guard lock(mutex);
        stream->checked_at_ = now;
        stream->heartbeat_ = stream->heartbeat_ || silent;
        if (!may_read) stream->over_ = true;
        if (silent || !may_read) stream->wake();
    }
}

Result<std::unique_ptr<EventFeed>> EventFeed::create(EventSource& source, const Clock& clock,
                                                     std::shared_ptr<Lane> lane, EventFeedOptions options) {
    auto state = std::make_shared<State>(source, clock, std::move(lane), std::move(options));
    STIPEND_SET(state->shared_to, source.end());
    state->shared_from = {state->shared_to, after_all_parts};
    state->lane->every(look_every_ns, [state = state.get()] { state->look_at_heartbeats(); });
    return std::unique_ptr<EventFeed>(new EventFeed(std::move(state)));
}

EventFeed::~EventFeed() {
    std::vector<std::shared_ptr<Stream>> all;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        all = state_->living();
        for (const auto& stream : all) stream->wake();
    }
    state_->lane->end();
}

Result<std::shared_ptr<http::BodyStream>> EventFeed::open(Reader reader) {
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->readers >= state_->options.max_readers || state_->stopping) {
            return fail(STIPEND_E_BUSY, "too many readers of events");
        }
        ++state_->readers;
    }
    const auto end = state_->source.end();
    if (!end) {
        const std::lock_guard lock(state_->mutex);
        --state_->readers;
        return end.error();
    }
    EventPlace after{*end, after_all_parts};
    // The id alone moves the reader's Last-Event-ID, so that it misses nothing when it comes again.
    std::string first = cat("id: ", event_id(after), "\n\n");
    if (reader.after && reader.after->row <= *end) {
        after = *reader.after;
        first = ":\n\n";
    } else if (reader.after) {
        // Of a ledger that had more rows than this one, which was restored.
        first = gap_text(*reader.after, "restored") + first;
    }
    auto stream = std::make_shared<Stream>(state_, std::move(reader), after, std::move(first));
    const std::lock_guard lock(state_->mutex);
    state_->streams.push_back(stream);
    return std::shared_ptr<http::BodyStream>(std::move(stream));
}

void EventFeed::notify() {
    const std::lock_guard lock(state_->mutex);
    if (!std::exchange(state_->news, true)) state_->wake();
}

}  // namespace stipend::api
