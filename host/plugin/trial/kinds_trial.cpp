#include "host/plugin/trial/kinds_trial.hpp"

#include <algorithm>

#include "host/plugin/rules.hpp"
#include "host/plugin/trial/kinds_use.hpp"

namespace stipend::plugin {
namespace {

constexpr int instances = 6;        // that come and go, for what they leave behind
constexpr int steady_instance = 3;  // the first that finds everything allocated that lasts
constexpr int most_wait_ms = 100;   // for threads that end

bool has_start_excuse(const Error& error) {
    // What a plugin asks for at its start may be out of reach here.
    return error.status == STIPEND_E_UNAVAILABLE || error.status == STIPEND_E_TIMEOUT || error.status == STIPEND_E_BUSY;
}

// One instance against that network. True where it started.
Result<bool> live(Calls& calls, const Subject& subject, TrialHost& host, Guard guard, Depth depth) {
    STIPEND_LET(life, Life::begin(calls, subject, host.raw(), guard));
    if (const auto started = life.start(); !started) {
        if (!has_start_excuse(started.error())) return started.error();
        calls.look_at(rules::start);
        STIPEND_TRY(life.destroy());
        return false;
    }
    STIPEND_TRY(life.health());
    STIPEND_TRY(KindsUse(calls, subject, life, host, guard, depth).run());
    STIPEND_TRY(host.visit_routes());
    STIPEND_TRY(host.run(0));
    if (depth == Depth::strict) STIPEND_TRY(KindsUse(calls, subject, life, host, guard, depth).run_cancelled());
    STIPEND_TRY(life.quiesce());
    STIPEND_TRY(host.run(0));
    STIPEND_TRY(life.destroy());
    host.end();
    return true;
}

void take_findings(Calls& calls, const Subject& subject, TrialHost& host) {
    for (const auto& one : host.take_findings()) calls.warn(find_rule(one.rule)->name.data(), subject.label, one.text);
}

}  // namespace

Result<void> try_life(Calls& calls, const Subject& subject) {
    calls.look_at(rules::create);
    auto* host = new TrialHost(calls, subject.label);  // outlives the instance's threads
    STIPEND_LET(life, Life::begin(calls, subject, host->raw(), Guard::behind));
    if (const auto started = life.start(); !started) {
        if (!has_start_excuse(started.error())) return started.error();
        return life.destroy();
    }
    STIPEND_TRY(life.health());
    for (const auto& kind : subject.plugin.kinds) {
        const auto& known = known_kinds();
        if (std::find(known.begin(), known.end(), kind) == known.end()) continue;
        STIPEND_TRY(life.table(kind.c_str()));
    }
    STIPEND_TRY(life.quiesce());
    return life.destroy();
}

Result<void> try_kinds(Calls& calls, const Subject& subject) {
    calls.look_at(rules::operations);
    Usage before;
    for (int instance = 0; instance < instances; ++instance) {
        if (instance == steady_instance) before = Usage::now();
        auto* host = new TrialHost(calls, subject.label);  // outlives the instance's threads
        STIPEND_TRY(live(calls, subject, *host, instance % 2 == 0 ? Guard::behind : Guard::before, Depth::brief));
    }
    warn_of_growth(calls, subject.label, instances - steady_instance, before);
    return {};
}

Result<void> try_operations(Calls& calls, const Subject& subject) {
    std::size_t started = 0, tried = 0;
    for (const auto answers : all_answers) {
        ++tried;
        calls.look_at(rules::operations);
        auto* host = new TrialHost(calls, subject.label);  // outlives the instance's threads
        host->answer_with(answers);
        const auto threads = count_entries("task");
        const auto lived = live(calls, subject, *host, Guard::behind, Depth::strict);
        // A thread that is left may still answer.
        for (int ms = 0; ms < most_wait_ms && count_entries("task") > threads; ++ms) host->wait_for_answer(0, 1);
        take_findings(calls, subject, *host);
        if (!lived) return lived.error();
        if (*lived) ++started;
        if (!calls.findings().empty()) break;  // a wait for each missing answer is enough once
    }
    calls.note(cat(tried, " networks, ", started, " of them with an instance that started"));
    return {};
}

}  // namespace stipend::plugin
