// The ABI's records, texts and errors in C++: how they are made, read and written.
#pragma once

#include <cstddef>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "stipend/abi/types.h"
#include "stipend/result.hpp"

namespace stipend {

// A record of the ABI, zeroed, that knows its size.
template <class Record>
[[nodiscard]] Record make_record() {
    Record record{};
    record.size = sizeof record;
    return record;
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

// A record as the callee knows it: the caller's own where that is as long, else the part it has, the rest zero.
template <class Record>
const Record& record_view(const Record* given, Record& scratch) {
    if (given->size >= sizeof(Record)) return *given;
    scratch = Record{};
    std::memcpy(&scratch, given, given->size);
    return scratch;
}

inline void copy_text(char* to, std::size_t capacity, std::string_view from) {
    // A NUL inside would end the text early and leave bytes behind its end.
    const auto text = clip(from.substr(0, from.find('\0')), capacity - 1);
    std::memcpy(to, text.data(), text.size());
    std::memset(to + text.size(), 0, capacity - text.size());
}

// A pointer that is too long is cut after a whole step: it then names the value around, not a stranger.
inline std::string_view whole_steps(std::string_view pointer, std::size_t most) {
    return pointer.size() <= most ? pointer : pointer.substr(0, pointer.rfind('/', most));
}

// What is being thrown; for a catch block. The text lives as long as the exception.
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

// Fills a fixed text field of a record, such as a decision's reason: cut between two characters where it is too long,
// zero after its end.
template <std::size_t N>
void set_text(char (&field)[N], std::string_view text) {
    detail::copy_text(field, N, text);
}

// Writes `error` into the caller's record, where there is one. Returns its status, which is never OK.
inline stipend_status report(stipend_error* out, const Error& error) {
    // Up to its last field, not the whole record as known here: the caller's may be the shorter one of an older host.
    constexpr auto needed = offsetof(stipend_error, message) + sizeof stipend_error::message;
    if (out != nullptr && out->size >= needed) {
        out->flags = error.permanent ? STIPEND_ERROR_PERMANENT : 0U;
        set_text(out->path, detail::whole_steps(error.path, sizeof out->path - 1));
        set_text(out->message, error.message);
    }
    return error.status < STIPEND_OK ? error.status : STIPEND_E_INTERNAL;
}

// The error that a call across the boundary left behind. `out` is the record that was given to it.
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
