// The outcome of a check of credentials: what was proven, or why it was refused.
#pragma once

#include <string_view>
#include <utility>
#include <variant>

#include "stipend/result.hpp"

namespace stipend::auth {

// The one answer to a peer whose credentials are refused. The fault is for logs: it would say which part of a guess was
// right.
inline constexpr std::string_view refused_answer = "Invalid credentials";

// `Fault` is an enumeration with a function name_of(Fault) for logs.
template <class T, class Fault>
class [[nodiscard]] Checked {
  public:
    Checked(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
    Checked(Fault fault) : state_(std::in_place_index<1>, fault) {}         // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] const T& operator*() const {
        STIPEND_ASSERT(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] const T* operator->() const { return &**this; }
    [[nodiscard]] Fault fault() const {
        STIPEND_ASSERT(!ok());
        return *std::get_if<1>(&state_);
    }

  private:
    std::variant<T, Fault> state_;
};

}  // namespace stipend::auth
