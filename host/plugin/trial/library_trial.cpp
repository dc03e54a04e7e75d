#include "host/plugin/trial/library_trial.hpp"

#include <unistd.h>

#include <cstdlib>

#include "host/plugin/library.hpp"
#include "host/plugin/trial/kinds_trial.hpp"
#include "host/plugin/trial/policy_trial.hpp"
#include "stipend/abi/policy.h"

namespace stipend::plugin {
namespace {

std::string text_of(const Json& request, std::string_view key) {
    const auto* value = request.find(key);
    return value == nullptr ? std::string() : value->text();
}

Result<void> try_plugin(Calls& calls, const stipend_entry& entry, const LibraryDescription& library,
                        const ProbeConfig& config) {
    const auto* plugin = library.find(config.plugin_id);
    if (plugin == nullptr) {
        return fail(STIPEND_E_INVALID, "no such plugin: ", calls.file(), ": want ", config.plugin_id);
    }
    const Subject subject{entry, *plugin, config, cat(calls.file(), ": ", plugin->id)};
    STIPEND_TRY(try_check_config(calls, subject));
    bool is_policy = false, is_other = false;
    for (const auto& kind : plugin->kinds) {
        (kind == STIPEND_POLICY ? is_policy : is_other) = true;
    }
    if (is_policy) STIPEND_TRY(try_policy(calls, subject));
    if (is_other) STIPEND_TRY(try_kinds(calls, subject));
    return {};
}

// An error where the first plugin of the library says that it needs a process of its own.
Result<void> allow_in_host(const stipend_entry& entry, const Calls& calls) {
    const bool known = entry.magic == STIPEND_MAGIC && entry.abi_major == STIPEND_ABI_MAJOR && entry.count != nullptr &&
                       entry.describe != nullptr && entry.count() > 0;
    const auto* first = known ? entry.describe(0) : nullptr;
    if (first == nullptr || first->size < sizeof *first || (first->flags & STIPEND_PLUGIN_NEEDS_PROCESS) == 0)
        return {};
    STIPEND_TRY(describe(entry, calls.file()));
    return {};
}

// Threads end a moment after they were joined.
int settled_threads(int expected) {
    int count = count_entries("task");
    for (int wait = 0; wait < 100 && count > expected; ++wait) {
        ::usleep(1000);
        count = count_entries("task");
    }
    return count;
}

Result<LibraryDescription> run(const Json& request, Calls& calls) {
    constexpr int most_descriptors = 4;  // such as that of a source of random numbers
    const auto before = Usage::now();
    const stipend_entry* entry = nullptr;
    const auto loaded = calls.make("load", [&]() -> Result<void> {
        STIPEND_LET(library, Library::open(text_of(request, "path"), calls.file()));
        entry = library.entry();
        return {};
    });
    if (!loaded) {
        // What a runtime does to the process follows from what its description says, which is the plainer reason.
        if (entry != nullptr)
            STIPEND_TRY(calls.make_unchecked("describe", [&] { return allow_in_host(*entry, calls); }));
        return loaded.error();
    }
    Result<LibraryDescription> description = fail(STIPEND_E_INTERNAL, "not described");
    STIPEND_TRY(calls.make("describe", [&]() -> Result<void> {
        description = describe(*entry, calls.file());
        return description ? Result<void>() : Result<void>(description.error());
    }));
    const GuardedText path("path", calls.file() + '\0', Guard::behind);
    STIPEND_TRY(status_call(calls, "init", calls.file(), Guard::behind,
                            [&](stipend_error* e) { return entry->init(path.get().data(), e); }));
    if (request.find("plugin_id") != nullptr) {
        const ProbeConfig config{
            .plugin_id = text_of(request, "plugin_id"),
            .config_json = text_of(request, "config"),
            .terms = make_terms(*Decimal::parse(text_of(request, "interval_ns"))->exact_scaled(0),
                                *Decimal::parse(text_of(request, "base_usd_e8"))->exact_scaled(0))};
        STIPEND_TRY(try_plugin(calls, *entry, *description, config));
    }
    STIPEND_TRY(status_call(calls, "deinit", calls.file(), Guard::behind, [&](stipend_error*) {
        entry->deinit();
        return STIPEND_OK;
    }));
    if (const auto left = settled_threads(before.threads) - before.threads; left > 0) {
        calls.warn(calls.file(), cat("leaves ", left, left == 1 ? " thread" : " threads", " after deinit"));
    }
    if (const auto left = count_entries("fd") - before.descriptors; left > most_descriptors) {
        calls.warn(calls.file(), cat("leaves ", left, " descriptors open after deinit"));
    }
    description->warnings = calls.warnings();
    return description;
}

}  // namespace

void try_library(const Json& request, Report& report) {
    ProcessState::plant();
    watch_guards(report);
    Calls calls(report, text_of(request, "shown_as"));
    const auto description = run(request, calls);
    if (description) {
        report.finish(description->to_json().dump());
    } else {
        Json error = Json::object();
        error.set("error", description.error().message);
        error.set("path", description.error().path);
        error.set("status", description.error().status);
        report.finish(error.dump());
        // What is left of a plugin that is refused says nothing more.
        ::_exit(0);
    }
    report.begin("the exit handlers of the process");
    std::exit(0);
}

}  // namespace stipend::plugin
