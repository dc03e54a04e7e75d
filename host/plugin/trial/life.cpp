#include "host/plugin/trial/life.hpp"

#include <utility>

#include "host/plugin/rules.hpp"

namespace stipend::plugin {
namespace {

constexpr std::size_t most_kept_bytes = 32u << 10;
constexpr std::size_t most_kept_resident = 32u << 20;

}  // namespace

void warn_of_growth(Calls& calls, std::string_view label, int instances, const Usage& before) {
    const auto grown = [](auto now, auto then) { return now > then ? now - then : decltype(now - then){}; };
    const auto heap = allocated_bytes();
    if (heap && before.heap && grown(*heap, *before.heap) > most_kept_bytes) {
        calls.warn(rules::memory, label,
                   cat("keeps ", grown(*heap, *before.heap) / 1024, " KiB of memory more after ", instances,
                       " more instances"));
    } else if (grown(resident_bytes(), before.resident) > most_kept_resident) {
        calls.warn(rules::memory, label,
                   cat("keeps ", grown(resident_bytes(), before.resident) >> 20U, " MiB of memory more after ",
                       instances, " more instances"));
    }
    // One that is opened for each instance and stays.
    if (const auto kept = grown(count_entries("fd"), before.descriptors); kept >= instances) {
        calls.warn(rules::descriptors, label,
                   cat("keeps ", kept, " descriptors more open after ", instances, " more instances"));
    }
    if (const auto kept = grown(count_entries("task"), before.threads); kept >= instances) {
        calls.warn(rules::threads, label, cat("keeps ", kept, " threads more after ", instances, " more instances"));
    }
}

Result<void> try_check_config(Calls& calls, const Subject& subject) {
    calls.look_at(rules::config);
    const GuardedText id("plugin_id", subject.plugin.id, Guard::behind);
    const GuardedText json("config_json", subject.config.config_json, Guard::behind);
    const GuardedRecord<stipend_terms> terms("stipend_terms", Guard::behind, subject.config.terms);
    const GuardedRecord<stipend_error> error("stipend_error", Guard::behind, empty_error());
    stipend_status status = STIPEND_OK;
    STIPEND_TRY(calls.make("check_config", [&] {
        return call("check_config", subject.label, [&](stipend_error*) {
            status =
                subject.entry.lifecycle->check_config(to_abi(id.get()), to_abi(json.get()), terms.get(), error.get());
            return STIPEND_OK;
        });
    }));
    // The complaint is about the operator's file, so it comes as it is: the caller says where that is.
    if (status == STIPEND_OK) return {};
    auto complaint = from_abi(status, error.get());
    complaint.status = STIPEND_E_CONFIG;
    return complaint;
}

Life::Life(Life&& other) noexcept
    : calls_(other.calls_), subject_(other.subject_), guard_(other.guard_), raw_(std::exchange(other.raw_, nullptr)) {}

Result<Life> Life::begin(Calls& calls, const Subject& subject, const stipend_host& host, Guard guard) {
    Life self(calls, subject, guard);
    const GuardedText id("plugin_id", subject.plugin.id, guard);
    const GuardedText name("instance_name", "probe", guard);
    const GuardedText json("config_json", subject.config.config_json, guard);
    const GuardedRecord<stipend_terms> terms("stipend_terms", guard, subject.config.terms);
    const GuardedRecord<stipend_instance*> out("the pointer to the instance", guard, nullptr);
    STIPEND_TRY(calls.under(rules::create, [&]() -> Result<void> {
        STIPEND_TRY(status_call(calls, "create", subject.label, guard, [&](stipend_error* e) {
            return subject.entry.lifecycle->create(&host, to_abi(id.get()), to_abi(name.get()), to_abi(json.get()),
                                                   terms.get(), out.get(), e);
        }));
        if (*out.get() != nullptr) return {};
        return fail(STIPEND_E_INVALID, "create: ", subject.label, ": got success and no instance");
    }));
    self.raw_ = *out.get();
    return self;
}

template <class Body>
Result<void> Life::make(const char* rule, std::string_view what, Body&& body) {
    return calls_->under(rule, [&] {
        return status_call(*calls_, what, subject_->label, guard_, [&](stipend_error* e) {
            return static_cast<stipend_status>(body(subject_->entry.lifecycle, e));
        });
    });
}

Result<void> Life::start() {
    return make(rules::start, "start", [&](const auto* table, stipend_error* e) { return table->start(raw_, e); });
}

Result<void> Life::health() {
    return make(rules::health, "health", [&](const auto* table, stipend_error* e) {
        // It may be unwell: what it needs is out of reach here.
        static_cast<void>(table->health(raw_, e));
        return STIPEND_OK;
    });
}

Result<const void*> Life::table(const char* kind) {
    const void* found = nullptr;
    STIPEND_TRY(make(rules::interface, "get_interface", [&](const auto* table, stipend_error*) {
        found = table->get_interface(raw_, kind);
        return STIPEND_OK;
    }));
    STIPEND_TRY(whole(found != nullptr, kind));
    return found;
}

Result<void> Life::whole(bool is_whole, const char* kind) {
    return calls_->under(rules::interface, [&]() -> Result<void> {
        if (is_whole) return {};
        return fail(STIPEND_E_INVALID, "get_interface: ", subject_->label, ": got no whole table for ", kind);
    });
}

Result<void> Life::quiesce() {
    return make(rules::quiesce, "quiesce", [&](const auto* table, stipend_error*) {
        table->quiesce(raw_);
        return STIPEND_OK;
    });
}

Result<void> Life::destroy() {
    return make(rules::destroy, "destroy", [&](const auto* table, stipend_error*) {
        table->destroy(std::exchange(raw_, nullptr));
        return STIPEND_OK;
    });
}

}  // namespace stipend::plugin
