// Server-sent events for any number of readers: what is new is read once, and shared; a reader that is behind what is
// shared is given what it missed from the source, in small parts. No reader has more than a part waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/lane.hpp"
#include "host/base/time.hpp"
#include "host/http/body_stream.hpp"
#include "stipend/result.hpp"

namespace stipend::api {

// Where an event is in the order of all; a row of the source may make several.
struct EventPlace {
    std::int64_t row = 0;
    std::int32_t part = 0;
    friend auto operator<=>(const EventPlace&, const EventPlace&) = default;
};

// Opaque for clients. INVALID: not a text that `event_id` made.
[[nodiscard]] std::string event_id(const EventPlace& place);
[[nodiscard]] Result<EventPlace> parse_event_id(std::string_view text);

struct Event {
    EventPlace place;
    std::string orchestrator;  // that it is about; empty: all
    std::string name;
    std::string data;  // one line
};

// The durable record that events are made of.
class EventSource {
  public:
    virtual ~EventSource() = default;
    struct Part {
        std::vector<Event> events;  // in their order
        std::int64_t last = 0;      // the last row that was looked at; `after` where there is none
        bool lost = false;          // rows behind `after` are gone
    };
    // What `limit` rows behind the row `after` make. Blocks on the disk.
    virtual Result<Part> read(std::int64_t after, std::size_t limit) = 0;
    // The last row.
    virtual Result<std::int64_t> end() = 0;
};

struct EventFeedOptions {
    std::size_t max_readers = 2'000;
    std::size_t shared_bytes = 1 << 20;  // of the newest events, for all readers together
    std::size_t piece_bytes = 16 << 10;  // waiting for one reader
    std::size_t rows_at_once = 200;      // of the source
    std::int64_t heartbeat_ns = 15'000'000'000;
};

class EventFeed {
  public:
    // `source` and `clock` outlive it. `lane`, of a width of 1 and its own, reads the source. An error is the source's.
    [[nodiscard]] static Result<std::unique_ptr<EventFeed>> create(EventSource& source, const Clock& clock,
                                                                   std::shared_ptr<Lane> lane,
                                                                   EventFeedOptions options = {});
    ~EventFeed();  // ends all readers
    EventFeed(const EventFeed&) = delete;
    EventFeed& operator=(const EventFeed&) = delete;

    struct Reader {
        std::optional<EventPlace> after = {};  // none: from now on
        std::string orchestrator = {};         // empty: all
        std::function<bool()> may_read = {};   // asked as often as heartbeats come; may be empty
    };
    // BUSY: too many readers. Blocks on the disk.
    [[nodiscard]] Result<std::shared_ptr<http::BodyStream>> open(Reader reader);
    // The source may have something new. [any], and it never waits.
    void notify();

  private:
    struct State;
    class Stream;
    explicit EventFeed(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace stipend::api
