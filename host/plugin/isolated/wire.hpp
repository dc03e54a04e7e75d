// What the host and the process of one plugin instance say to each other: frames on a stream socket. A frame is its
// length (4 bytes, of what follows), its message (1 byte), a number (8 bytes) and a body; numbers are little-endian.
// Both ends are of one build, which the first frame makes sure of; but nothing that comes from the plugin's side is
// trusted.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend::plugin::isolated {

inline constexpr std::size_t max_frame_bytes = 16 << 20;  // of one frame behind its length
inline constexpr std::size_t frame_head_bytes = 4;        // the length
inline constexpr int socket_fd = 3;                       // of the plugin's process
inline constexpr int report_fd = 4;                       // where it names the system call that ends it

enum class Message : std::uint8_t {
    // From the host. The number is that of a call, of an operation, of a question, or of a callback.
    hello = 1,  // how the process is to set itself up
    create,     // the calls of a life: each is answered by `returned`
    start,
    quiesce,
    health,
    destroy,
    begin,   // an operation: answered by `begun`, and by `done` where that is OK
    cancel,  // an operation
    answer,  // to a question
    event,   // a callback of a service
    // From the plugin's process.
    returned,
    begun,
    done,
    observation,
    ask,      // a service that answers; once answered, the question is over
    tell,     // a service that does not answer
    handled,  // one more of the frames that lead to calls of the plugin is worked off
};

// Services of the host, as questions name them.
enum class Service : std::uint8_t {
    log_enabled = 1,
    log_write,
    now,
    monotonic,
    metric_define,
    metric_record,
    value_get,
    value_put,
    value_erase,
    timer_after,
    timer_cancel,
    alert_raise,
    alert_resolve,
    http_send,
    http_cancel,
    mail_send,
    mail_cancel,
    fee_reserve,
};

// The functions of the kinds that begin an operation, as `begin` names them.
enum class Begins : std::uint8_t { fetch = 1, probe, watch, submit, inspect, deliver };

// What happened, as `event` names it.
enum class Event : std::uint8_t { timer = 1, http_part, http_done, mail_done, fee_answer };

// Makes the body of a frame, or the whole frame.
class Writer {
  public:
    template <class T>
    requires std::integral<T> || std::is_enum_v<T> Writer& number(T value) {
        auto bits = static_cast<std::uint64_t>(value);
        for (std::size_t at = 0; at < sizeof value; ++at, bits >>= 8U) out_ += static_cast<char>(bits & 0xffU);
        return *this;
    }
    // Its length and its bytes.
    Writer& text(std::string_view bytes) {
        number(std::uint64_t{bytes.size()});
        out_ += bytes;
        return *this;
    }
    // As the plugin gave it: of one that is too long as much as shows that, of one without an address its length.
    Writer& text(stipend_str given);
    Writer& text(stipend_bytes given);
    Writer& raw(const void* bytes, std::size_t size) {
        out_.append(static_cast<const char*>(bytes), size);
        return *this;
    }
    Writer& error(stipend_status status, const stipend_error* error);
    [[nodiscard]] const std::string& body() const { return out_; }

  private:
    std::string out_;
};

// Reads a body. What is read behind its end, or is no value of its type, is zero or empty, and `good` is false from
// then on. Texts are views into the body.
class Reader {
  public:
    explicit Reader(std::string_view body) : rest_(body) {}
    template <std::integral T>
    T number() {
        std::uint64_t bits = 0;
        const auto bytes = take(sizeof(T));
        for (std::size_t at = bytes.size(); at > 0; --at) bits = bits << 8U | static_cast<unsigned char>(bytes[at - 1]);
        return static_cast<T>(bits);
    }
    // `last` is the highest of its values; the lowest is 1.
    template <class Enum>
    Enum one_of(Enum last) {
        const auto value = number<std::underlying_type_t<Enum>>();
        if (value < 1 || value > static_cast<std::underlying_type_t<Enum>>(last)) good_ = false;
        return static_cast<Enum>(value);
    }
    std::string_view text();
    // A text of the ABI, without an address where the plugin gave none.
    stipend_str given_text();
    stipend_bytes given_bytes();
    void raw(void* to, std::size_t size);
    // A status, and its error where it is not OK.
    stipend_status error(stipend_error& out);
    [[nodiscard]] bool good() const { return good_; }
    // All was read, and nothing else.
    [[nodiscard]] bool complete() const { return good_ && rest_.empty(); }

  private:
    std::string_view take(std::size_t size);

    std::string_view rest_;
    bool good_ = true;
};

struct Frame {
    Message message{};
    std::uint64_t number = 0;
    std::string_view body;
};

[[nodiscard]] std::string make_frame(Message message, std::uint64_t number, const Writer& body = {});

// Takes bytes as they come and gives frames.
class FrameReader {
  public:
    void append(std::string_view bytes);
    // The next whole frame, valid until the next call of `append`; none: more bytes are wanted. INVALID: what came is
    // no frame, and nothing that follows is.
    Result<std::optional<Frame>> next();

  private:
    std::string bytes_;
    std::size_t read_ = 0;
};

}  // namespace stipend::plugin::isolated
