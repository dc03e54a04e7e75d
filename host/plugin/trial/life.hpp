// The life of one instance, from `create` to `destroy`, with every argument between guarding pages.
#pragma once

#include <optional>
#include <string>

#include "host/plugin/description.hpp"
#include "host/plugin/probe.hpp"
#include "host/plugin/trial/calls.hpp"
#include "host/plugin/trial/guarded.hpp"
#include "stipend/abi/entry.h"

namespace stipend::plugin {

// What is tried. All of it outlives the objects that refer to it.
struct Subject {
    const stipend_entry& entry;
    const Description& plugin;
    const ProbeConfig& config;
    std::string label;  // file and id, for messages
};

// What the process has at a point in time.
struct Usage {
    std::optional<std::size_t> heap;
    std::size_t resident = 0;
    int descriptors = 0, threads = 0;

    static Usage now() { return {allocated_bytes(), resident_bytes(), count_entries("fd"), count_entries("task")}; }
};
// Warns of what each of `instances` instances since `before` left behind.
void warn_of_growth(Calls& calls, std::string_view label, int instances, const Usage& before);

Result<void> try_check_config(Calls& calls, const Subject& subject);

// A call that returns a status and takes an error record. Errors read "what: label: message".
template <class Body>
Result<void> status_call(Calls& calls, std::string_view what, std::string_view label, Guard guard, Body&& body);

class Life {
  public:
    // Creates and starts it. `host` outlives it.
    static Result<Life> begin(Calls& calls, const Subject& subject, const stipend_host& host, Guard guard);
    Life(Life&& other) noexcept;
    Life& operator=(Life&&) = delete;
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;
    ~Life() = default;  // an instance that was refused is not destroyed: the process ends soon

    Result<void> start();
    Result<void> health();
    Result<const void*> table(const char* kind);
    // An error where a table lacks a function, or is missing.
    Result<void> whole(bool is_whole, const char* kind);
    Result<void> quiesce();
    Result<void> destroy();
    [[nodiscard]] stipend_instance* raw() const { return raw_; }
    [[nodiscard]] Calls& calls() const { return *calls_; }
    [[nodiscard]] const Subject& subject() const { return *subject_; }

  private:
    Life(Calls& calls, const Subject& subject, Guard guard) : calls_(&calls), subject_(&subject), guard_(guard) {}
    template <class Body>
    Result<void> make(const char* rule, std::string_view what, Body&& body);

    Calls* calls_;
    const Subject* subject_;
    Guard guard_;
    stipend_instance* raw_ = nullptr;
};

}  // namespace stipend::plugin

#include "host/plugin/call.hpp"

namespace stipend::plugin {

template <class Body>
Result<void> status_call(Calls& calls, std::string_view what, std::string_view label, Guard guard, Body&& body) {
    const GuardedRecord<stipend_error> error("stipend_error", guard, empty_error());
    stipend_status status = STIPEND_OK;
    STIPEND_TRY(calls.make(what, [&] {
        return call(what, label, [&](stipend_error*) {
            status = body(error.get());
            return STIPEND_OK;
        });
    }));
    if (status == STIPEND_OK) return {};
    return from_abi(status, error.get()).in(cat(what, ": ", label));
}

}  // namespace stipend::plugin
