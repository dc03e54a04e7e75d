// Records, texts and errors of the ABI in C++.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <exception>
#include <string_view>

#include "stipend/abi/lifecycle.h"
#include "stipend/result.hpp"

namespace stipend {

// A zeroed record of the ABI with its size set.
template <class Record>
[[nodiscard]] constexpr Record make_record() {
    Record record{};
    record.size = sizeof record;
    return record;
}

[[nodiscard]] constexpr stipend_terms make_terms(std::int64_t interval_ns, std::int64_t base_usd_e8) {
    auto terms = make_record<stipend_terms>();
    terms.interval_ns = interval_ns;
    terms.base_usd_e8 = base_usd_e8;
    return terms;
}

[[nodiscard]] inline stipend_str to_abi(std::string_view text) {
    return {text.data(), text.size()};
}
[[nodiscard]] inline stipend_bytes bytes_to_abi(std::string_view bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline std::string_view view(stipend_str text) {
    return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}
[[nodiscard]] inline std::string_view view(stipend_bytes bytes) {
    return bytes.len == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(bytes.ptr), bytes.len);
}

namespace detail {

// The given record, if it is as long as this version of it; otherwise a copy in `scratch` with the missing rest zeroed.
template <class Record>
const Record& record_view(const Record* given, Record& scratch) {
    if (given->size >= sizeof(Record)) return *given;
    scratch = Record{};
    std::memcpy(&scratch, given, given->size);
    return scratch;
}

inline void copy_text(char* to, std::size_t capacity, std::string_view from) {
    // A NUL in the text would end it early and leave bytes after its end.
    const auto text = clip(from.substr(0, from.find('\0')), capacity - 1);
    std::memcpy(to, text.data(), text.size());
    std::memset(to + text.size(), 0, capacity - text.size());
}

// Cuts a JSON pointer that is too long after a whole step: it then names an enclosing value.
inline std::string_view whole_steps(std::string_view pointer, std::size_t most) {
    return pointer.size() <= most ? pointer : pointer.substr(0, pointer.rfind('/', most));
}

// The text of the current exception, for a catch block. Valid as long as the exception.
inline const char* thrown_text() noexcept {
    try {
        throw;
    } catch (const std::exception& thrown) {
        return thrown.what();
    } catch (...) {
        return "something that is no std::exception";
    }
}

}  // namespace detail

// Fills a fixed text field of a record, such as a decision's reason. Cuts it between two characters of UTF-8 if it is
// too long, and zeroes the rest.
template <std::size_t N>
void set_text(char (&field)[N], std::string_view text) {
    detail::copy_text(field, N, text);
}

// Writes a fixed text field of a zeroed record piece by piece, without an allocation; what does not fit is cut off.
class TextField {
  public:
    template <std::size_t N>
    explicit TextField(char (&field)[N]) : at_(field), end_(field + N - 1) {}
    TextField& add(std::string_view text) {
        const auto length = std::min(text.size(), static_cast<std::size_t>(end_ - at_));
        std::memcpy(at_, text.data(), length);
        at_ += length;
        return *this;
    }
    // Parts per million as a percentage, without trailing zeros: 950001 is "95.0001".
    TextField& add_percent(std::uint32_t ppm) {
        char digits[16];
        char* end = std::to_chars(digits, digits + sizeof digits, ppm / 10'000).ptr;
        std::uint32_t fraction = ppm % 10'000;
        if (fraction != 0) *end++ = '.';
        for (std::uint32_t place = 1000; fraction != 0; fraction %= place, place /= 10) {
            *end++ = static_cast<char>('0' + fraction / place);
        }
        return add({digits, static_cast<std::size_t>(end - digits)});
    }

  private:
    char* at_;
    char* end_;
};

// Writes `error` into the caller's record, if there is one. Returns its status, which is never OK.
inline stipend_status report(stipend_error* out, const Error& error) {
    // Up to the last field of version 1, not the size of the record here: an older host's record may be shorter.
    constexpr auto needed = offsetof(stipend_error, message) + sizeof stipend_error::message;
    if (out != nullptr && out->size >= needed) {
        out->flags = error.permanent ? std::uint32_t{STIPEND_ERROR_PERMANENT} : 0U;
        set_text(out->path, detail::whole_steps(error.path, sizeof out->path - 1));
        set_text(out->message, error.message);
    }
    return error.status < STIPEND_OK ? error.status : STIPEND_E_INTERNAL;
}

// The error of a call across the boundary; `out` is the record that was passed to it.
[[nodiscard]] inline Error from_abi(stipend_status status, const stipend_error* out) {
    Error error{.status = status, .message = cat("status ", status)};
    if (out != nullptr && out->message[0] != '\0') {
        error.message.assign(out->message, strnlen(out->message, sizeof out->message));
        error.path.assign(out->path, strnlen(out->path, sizeof out->path));
        error.permanent = (out->flags & STIPEND_ERROR_PERMANENT) != 0;
    }
    return error;
}

[[nodiscard]] inline stipend_error empty_error() {
    return make_record<stipend_error>();
}

}  // namespace stipend
