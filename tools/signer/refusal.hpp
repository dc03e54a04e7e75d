// What the signer answers instead of a signature: a code for programs, a message for people.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "stipend/result.hpp"

namespace stipend::signer {

struct Refusal {
    std::string_view code;  // a literal, as docs/signer.md lists them
    std::string message;
};

template <class... Parts>
[[nodiscard]] Refusal refuse(std::string_view code, const Parts&... parts) {
    return {code, cat(parts...)};
}

template <class T>
using Judged = std::variant<T, Refusal>;

}  // namespace stipend::signer
