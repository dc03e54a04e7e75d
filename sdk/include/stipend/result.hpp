// Errors as values: every function of stipend that can fail returns a Result, and no exception leaves it.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "stipend/abi/types.h"

namespace stipend {

// An error with a message for people: "what failed: which object: got X, want Y".
struct Error {
    stipend_status status = STIPEND_E_INTERNAL;
    std::string message;
    std::string path = {};   // JSON pointer into a configuration; may be empty
    bool permanent = false;  // a retry cannot succeed

    // The same error with its context in front: "context: message".
    [[nodiscard]] Error in(std::string_view context) && {
        message.insert(0, ": ").insert(0, context);
        return std::move(*this);
    }
};

// Joins text parts into one message, without a formatting library in the SDK's headers.
template <class... Parts>
[[nodiscard]] std::string cat(const Parts&... parts) {
    std::string out;
    const auto add = [&out](const auto& part) {
        if constexpr (requires { std::string_view(part); }) {
            out.append(std::string_view(part));
        } else {
            out.append(std::to_string(part));
        }
    };
    (add(parts), ...);
    return out;
}

// The beginning of `text`, at most so many bytes of it, cut between two characters of UTF-8.
[[nodiscard]] inline std::string_view clip(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
    return text.substr(0, most);
}

template <class... Parts>
[[nodiscard]] Error fail(stipend_status status, const Parts&... parts) {
    return Error{.status = status, .message = cat(parts...)};
}

namespace detail {
// A programmer's error: reported on stderr, and the process ends, in every build.
[[noreturn]] inline void die(const char* what, const char* file, int line) noexcept {
    std::fprintf(stderr, "stipend: %s (%s:%d)\n", what, file, line);
    std::abort();
}
}  // namespace detail

#ifdef STIPEND_UNASSERTED  // a benchmark's build, which measures what assertions cost
#define STIPEND_ASSERT(cond) static_cast<void>(sizeof((cond) ? 1 : 0))
#else
#define STIPEND_ASSERT(cond) \
    ((cond) ? static_cast<void>(0) : ::stipend::detail::die("assertion failed: " #cond, __FILE__, __LINE__))
#endif

template <class T>
class [[nodiscard]] Result {
  public:
    using value_type = T;
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    [[nodiscard]] T& value() & {
        STIPEND_ASSERT(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] const T& value() const& {
        STIPEND_ASSERT(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] T&& value() && {
        STIPEND_ASSERT(ok());
        return std::move(*std::get_if<0>(&state_));
    }
    [[nodiscard]] T& operator*() & { return value(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() { return &value(); }
    [[nodiscard]] const T* operator->() const { return &value(); }

    [[nodiscard]] Error& error() & {
        STIPEND_ASSERT(!ok());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] const Error& error() const& {
        STIPEND_ASSERT(!ok());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] Error&& error() && {
        STIPEND_ASSERT(!ok());
        return std::move(*std::get_if<1>(&state_));
    }

  private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    using value_type = void;
    // Not defaulted: `return {}` would then set all of the object to zero first, on the hot path of every call.
    Result() noexcept {}                               // NOLINT(modernize-use-equals-default)
    Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool ok() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] Error& error() & {
        STIPEND_ASSERT(!ok());
        return *error_;
    }
    [[nodiscard]] const Error& error() const& {
        STIPEND_ASSERT(!ok());
        return *error_;
    }
    [[nodiscard]] Error&& error() && {
        STIPEND_ASSERT(!ok());
        return std::move(*error_);
    }

  private:
    std::optional<Error> error_;
};

}  // namespace stipend

// Returns the error of `expr` from the calling function, or goes on.
#define STIPEND_TRY(expr)                                             \
    do {                                                              \
        if (auto stipend_try_ = (expr); !stipend_try_) {              \
            return ::stipend::Error(std::move(stipend_try_).error()); \
        }                                                             \
    } while (false)

#define STIPEND_JOIN_(a, b) a##b
#define STIPEND_JOIN(a, b) STIPEND_JOIN_(a, b)
// `STIPEND_LET(name, expr)` declares `name` as the value of `expr`, or returns its error from the calling function.
#define STIPEND_LET(name, expr)                                                           \
    auto STIPEND_JOIN(stipend_let_, __LINE__) = (expr);                                   \
    if (!STIPEND_JOIN(stipend_let_, __LINE__)) {                                          \
        return ::stipend::Error(std::move(STIPEND_JOIN(stipend_let_, __LINE__)).error()); \
    }                                                                                     \
    auto& name = *STIPEND_JOIN(stipend_let_, __LINE__)  // NOLINT(bugprone-macro-parentheses): it is declared

// `STIPEND_SET(target, expr)` moves the value of `expr` to `target`, or returns its error from the calling function.
#define STIPEND_SET(target, expr)                                                          \
    do {                                                                                   \
        auto stipend_set_ = (expr);                                                        \
        if (!stipend_set_) return ::stipend::Error(std::move(stipend_set_).error());       \
        target = std::move(stipend_set_).value(); /* NOLINT(bugprone-macro-parentheses) */ \
    } while (false)
