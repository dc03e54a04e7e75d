// How the host calls into a plugin: with an error record at hand, and never letting an exception through.
#pragma once

#include <exception>
#include <string_view>
#include <utility>

#include "host/plugin/calls.hpp"
#include "stipend/host.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin {

// Runs `body(stipend_error*)`, which returns a status. Errors read "call: instance: message".
template <class Body>
Result<void> call(std::string_view what, std::string_view who, Body&& body) {
    auto raw = empty_error();
    const auto thrown = [&](std::string_view more) {
        return fail(STIPEND_E_EXCEPTION, what, ": ", who, ": got an exception through the ABI, want a status", more);
    };
    try {
        const stipend_status status = body(&raw);
        if (status == STIPEND_OK) return {};
        return from_abi(status, &raw).in(cat(what, ": ", who));
    } catch (const std::exception& e) {
        return thrown(cat(" (", e.what(), ")"));
    } catch (...) {
        return thrown(" (not a std::exception)");
    }
}

// The same for a plugin that is known: the thread is inside that call meanwhile. `what` is a literal.
template <class Body>
Result<void> call(const CallOwner& owner, const char* what, std::string_view who, Body&& body) {
    const CallScope scope(&owner, what);
    return call(what, who, std::forward<Body>(body));
}

}  // namespace stipend::plugin
