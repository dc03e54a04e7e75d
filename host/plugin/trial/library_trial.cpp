#include "host/plugin/trial/library_trial.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "host/plugin/library.hpp"
#include "host/plugin/rules.hpp"
#include "host/plugin/trial/configs_trial.hpp"
#include "host/plugin/trial/drawn_trial.hpp"
#include "host/plugin/trial/kinds_trial.hpp"
#include "host/plugin/trial/policy_trial.hpp"
#include "stipend/abi/policy.h"

namespace stipend::plugin {
namespace {

std::string member_text(const Json& request, std::string_view key) {
    const auto* value = request.find(key);
    return value == nullptr ? std::string() : value->text();
}

std::uint64_t number_of(const Json& request, std::string_view key) {
    const auto number = Decimal::parse(member_text(request, key));
    const auto whole = number ? number->exact_scaled(0) : Result<std::int64_t>(number.error());
    return whole ? static_cast<std::uint64_t>(*whole) : 0;
}

bool is_policy(const std::string& kind) {
    return kind == STIPEND_POLICY;
}

// Whether the first plugin of the library says that it needs a process of its own.
bool needs_process(const stipend_entry& entry) {
    const bool known = entry.magic == STIPEND_MAGIC && entry.abi_major == STIPEND_ABI_MAJOR && entry.count != nullptr &&
                       entry.describe != nullptr && entry.count() > 0;
    const auto* first = known ? entry.describe(0) : nullptr;
    return first != nullptr && first->size >= sizeof *first && (first->flags & STIPEND_PLUGIN_NEEDS_PROCESS) != 0;
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

class LibraryTrial {
  public:
    LibraryTrial(const Json& request, Calls& calls)
        : request_(request),
          calls_(calls),
          section_(member_text(request, "section")),
          before_(Usage::now()),
          home_(request.find("sandboxed") != nullptr ? Home::own_process : Home::host) {}

    // The whole short form, or the section of the request behind what it needs.
    Result<LibraryDescription> run() {
        STIPEND_TRY(load());
        if (is(Section::load)) return LibraryDescription{};
        Result<LibraryDescription> description = fail(STIPEND_E_INTERNAL, "not described");
        calls_.look_at(rules::entry);
        STIPEND_TRY(calls_.make("describe", [&]() -> Result<void> {
            description = describe(*entry_, calls_.file(), home_);
            return description ? Result<void>() : Result<void>(description.error());
        }));
        if (is(Section::describe)) return description;
        STIPEND_TRY(init());
        if (is(Section::init)) return description;
        if (request_.find("plugin_id") != nullptr && !is(Section::deinit) && !is(Section::exit)) {
            STIPEND_TRY(try_plugin(*description));
        }
        if (section_.empty() || is(Section::deinit) || is(Section::exit)) STIPEND_TRY(deinit());
        for (const auto& finding : calls_.findings()) description->warnings.push_back(finding.text);
        return description;
    }

  private:
    [[nodiscard]] bool is(Section section) const { return section_ == section_name(section); }
    // A part of the short form.
    [[nodiscard]] bool wants(Section section) const { return section_.empty() || is(section); }

    Result<void> load() {
        calls_.look_at(rules::load);
        auto loaded = calls_.make("load", [&]() -> Result<void> {
            STIPEND_LET(library, Library::open(member_text(request_, "path"), calls_.file()));
            entry_ = library.entry();
            return {};
        });
        if (loaded || entry_ == nullptr) return loaded;
        // What a runtime does to the process follows from what its description says: it is the plainer reason in a
        // host, and nothing against it in a process of its own.
        return calls_.make_unchecked("describe", [&]() -> Result<void> {
            if (!needs_process(*entry_)) return loaded;
            STIPEND_TRY(describe(*entry_, calls_.file(), home_));
            calls_.take_as_it_is();
            return {};
        });
    }

    Result<void> init() {
        calls_.look_at(rules::init);
        const GuardedText path("path", calls_.file() + '\0', Guard::behind);
        return status_call(calls_, "init", calls_.file(), Guard::behind,
                           [&](stipend_error* e) { return entry_->init(path.get().data(), e); });
    }

    Result<void> deinit() {
        constexpr int most_descriptors = 4;  // such as that of a source of random numbers
        calls_.look_at(rules::deinit);
        STIPEND_TRY(status_call(calls_, "deinit", calls_.file(), Guard::behind, [&](stipend_error*) {
            entry_->deinit();
            return STIPEND_OK;
        }));
        if (const auto left = settled_threads(before_.threads) - before_.threads; left > 0) {
            calls_.warn(rules::threads, calls_.file(),
                        cat("leaves ", left, left == 1 ? " thread" : " threads", " after deinit"));
        }
        if (const auto left = count_entries("fd") - before_.descriptors; left > most_descriptors) {
            calls_.warn(rules::descriptors, calls_.file(), cat("leaves ", left, " descriptors open after deinit"));
        }
        return {};
    }

    Result<void> try_plugin(const LibraryDescription& library) {
        const ProbeConfig config{
            .plugin_id = member_text(request_, "plugin_id"),
            .config_json = member_text(request_, "config"),
            .terms = make_terms(*Decimal::parse(member_text(request_, "interval_ns"))->exact_scaled(0),
                                *Decimal::parse(member_text(request_, "base_usd_e8"))->exact_scaled(0))};
        const auto* plugin = library.find(config.plugin_id);
        if (plugin == nullptr) {
            return fail(STIPEND_E_INVALID, "no such plugin: ", calls_.file(), ": want ", config.plugin_id);
        }
        const Subject subject{*entry_, *plugin, config, cat(calls_.file(), ": ", plugin->id)};
        if (is(Section::configs)) return try_drawn_configs(subject);
        STIPEND_TRY(try_check_config(calls_, subject));
        const auto& kinds = plugin->kinds;
        const bool has_policy = std::any_of(kinds.begin(), kinds.end(), is_policy);
        const bool has_other = !std::all_of(kinds.begin(), kinds.end(), is_policy);
        if (is(Section::life)) return try_life(calls_, subject);
        if (is(Section::drawn)) return try_drawn(calls_, subject, number_of(request_, "seed"));
        if (is(Section::operations)) return try_operations(calls_, subject);
        if (has_policy && wants(Section::decisions)) STIPEND_TRY(try_decisions(calls_, subject));
        if (has_policy && wants(Section::order)) STIPEND_TRY(try_order(calls_, subject));
        if (has_policy && wants(Section::lives)) STIPEND_TRY(try_policy_lives(calls_, subject));
        if (has_other && wants(Section::lives)) STIPEND_TRY(try_kinds(calls_, subject));
        return {};
    }

    Result<void> try_drawn_configs(const Subject& subject) {
        std::vector<std::string> configs;
        if (const auto* listed = request_.find("configs")) {
            for (const auto& one : listed->items()) configs.push_back(one.text());
        }
        return try_configs(calls_, subject, configs);
    }

    const Json& request_;
    Calls& calls_;
    const std::string section_;
    const Usage before_;
    const Home home_;
    const stipend_entry* entry_ = nullptr;
};

Json findings_json(const Calls& calls) {
    auto out = Json::array();
    for (const auto& one : calls.findings()) out.push(Json::object().set("rule", one.rule).set("text", one.text));
    return out;
}

}  // namespace

void try_library(const Json& request, Report& report) {
    ProcessState::plant();
    watch_guards(report);
    Calls calls(report, member_text(request, "shown_as"));
    const auto description = LibraryTrial(request, calls).run();
    auto answer = description ? description->to_json() : Json::object();
    if (!description) {
        answer.set("error", description.error().message);
        answer.set("path", description.error().path);
        answer.set("status", description.error().status);
        answer.set("rule", report.rule);
    }
    answer.set("looked_at", calls.looked_at());
    answer.set("findings", findings_json(calls));
    report.finish(answer.dump());
    // What is left of a plugin that is refused says nothing more, nor do the exit handlers behind a part.
    const auto section = member_text(request, "section");
    if (!description || (!section.empty() && section != section_name(Section::exit))) ::_exit(0);
    report.set_rule(rules::exit);
    report.begin("the exit handlers of the process");
    std::exit(0);
}

}  // namespace stipend::plugin
