// What a plugin class got nearly right is a compile error that names it: a function of a kind or a hook whose signature
// does not fit would otherwise be left out without a word. Included by plugin.hpp.
#pragma once

#include <type_traits>

#include "stipend/plugin_kinds.hpp"

namespace stipend::detail {

// `names_x<T>`: T has a member of the name x, whatever it is. A class that inherits another x beside it cannot say
// which one it means. A final class cannot be asked, and passes.
#define STIPEND_DETAIL_NAMES(name)           \
    struct Other_##name {                    \
        void name();                         \
    };                                       \
    template <class T>                       \
    struct Both_##name : T, Other_##name {}; \
    template <class T>                       \
    constexpr bool names_##name() {          \
        if constexpr (std::is_final_v<T>)    \
            return false;                    \
        else                                 \
            return !requires {               \
                &Both_##name<T>::name;       \
            };                               \
    }

STIPEND_DETAIL_NAMES(decide)
STIPEND_DETAIL_NAMES(bounds)
STIPEND_DETAIL_NAMES(revision)
STIPEND_DETAIL_NAMES(memory_version)
STIPEND_DETAIL_NAMES(submit)
STIPEND_DETAIL_NAMES(inspect)
STIPEND_DETAIL_NAMES(probe)
STIPEND_DETAIL_NAMES(watch)
STIPEND_DETAIL_NAMES(fetch)
STIPEND_DETAIL_NAMES(report)
STIPEND_DETAIL_NAMES(deliver)
STIPEND_DETAIL_NAMES(start)
STIPEND_DETAIL_NAMES(quiesce)
STIPEND_DETAIL_NAMES(health)
STIPEND_DETAIL_NAMES(cancel)
// Spellings that are no words, and so nothing else.
STIPEND_DETAIL_NAMES(quiece)
STIPEND_DETAIL_NAMES(quiese)
STIPEND_DETAIL_NAMES(quisce)
STIPEND_DETAIL_NAMES(qiesce)
STIPEND_DETAIL_NAMES(queisce)
STIPEND_DETAIL_NAMES(quiescence)
STIPEND_DETAIL_NAMES(helth)
STIPEND_DETAIL_NAMES(heatlh)
STIPEND_DETAIL_NAMES(cancle)
STIPEND_DETAIL_NAMES(descide)
STIPEND_DETAIL_NAMES(decied)
STIPEND_DETAIL_NAMES(sumbit)
STIPEND_DETAIL_NAMES(submitt)
STIPEND_DETAIL_NAMES(revison)
STIPEND_DETAIL_NAMES(memory_verison)
#undef STIPEND_DETAIL_NAMES

template <class T>
constexpr void check_policy() {
    static_assert(!names_decide<T>() || PolicyKind<T>::has,
                  "decide: want void or stipend::Result<void> decide(const stipend_sample&, stipend_decision&) const");
    constexpr bool parts = names_bounds<T>() || names_revision<T>() || names_memory_version<T>();
    static_assert(!parts || names_decide<T>(),
                  "decide is missing: a policy has decide, bounds, revision and memory_version");
    if constexpr (PolicyKind<T>::has) {
        static_assert(
            requires(const T& object, const stipend_terms& terms) {
                { object.bounds(terms) } -> std::same_as<Result<Bounds>>;
            },
            "bounds: want stipend::Result<stipend::Bounds> bounds(const stipend_terms&) const");
        static_assert(
            requires {
                { T::revision } -> std::convertible_to<std::uint32_t>;
                { T::memory_version } -> std::convertible_to<std::uint32_t>;
            },
            "a policy wants static constexpr std::uint32_t revision and memory_version");
    }
}

template <class T>
constexpr void check_dispatch() {
    static_assert(!names_submit<T>() || DispatchKind<T>::has,
                  "submit: want stipend::Result<void> submit(const stipend_job&, "
                  "stipend::Completion<stipend_job_result>)");
    static_assert(!names_inspect<T>() || names_submit<T>(),
                  "submit is missing: a dispatcher has submit, and may have inspect");
    static_assert(
        !names_inspect<T>() ||
            requires(T & object, Completion<stipend_offer> done) {
                object.inspect(std::string_view(), std::string_view(), std::move(done));
            },
        "inspect: want stipend::Result<void> inspect(std::string_view, std::string_view, "
        "stipend::Completion<stipend_offer>)");
}

template <class T>
constexpr void check_monitor() {
    static_assert(!names_probe<T>() || MonitorKind<T>::has,
                  "probe: want stipend::Result<void> probe(const stipend_target&, stipend_mono_ns, "
                  "stipend::Completion<stipend_observation>)");
    static_assert(!names_watch<T>() || names_probe<T>(), "probe is missing: a monitor has probe, and may have watch");
    static_assert(
        !names_watch<T>() || requires(T & object, std::span<const stipend_target> targets, Observer observer,
                                      Completion<Nothing> done) { object.watch(targets, observer, std::move(done)); },
        "watch: want stipend::Result<void> watch(std::span<const stipend_target>, stipend::Observer, "
        "stipend::Completion<stipend::Nothing>)");
}

template <class T>
constexpr void check_hooks() {
    static_assert(
        !names_start<T>() ||
            requires(T & object) {
                { object.start() } -> std::same_as<Result<void>>;
            },
        "start: want stipend::Result<void> start()");
    static_assert(
        !names_quiesce<T>() || requires(T & object) { object.quiesce(); }, "quiesce: want void quiesce()");
    static_assert(
        !names_health<T>() ||
            requires(T & object) {
                { object.health() } -> std::same_as<Result<void>>;
            },
        "health: want stipend::Result<void> health()");
    static_assert(
        !names_cancel<T>() || requires(T & object, stipend_op op) { object.cancel(op); },
        "cancel: want void cancel(stipend_op)");
    constexpr bool misspelt = names_quiece<T>() || names_quiese<T>() || names_quisce<T>() || names_qiesce<T>() ||
                              names_queisce<T>() || names_quiescence<T>() || names_helth<T>() || names_heatlh<T>() ||
                              names_cancle<T>() || names_descide<T>() || names_decied<T>() || names_sumbit<T>() ||
                              names_submitt<T>() || names_revison<T>() || names_memory_verison<T>();
    static_assert(!misspelt, "a misspelt name: want quiesce, health, cancel, decide, submit, revision, memory_version");
}

// Instantiated once for each plugin class of a library.
template <class T>
constexpr bool check_plugin() {
    check_policy<T>();
    check_dispatch<T>();
    check_monitor<T>();
    static_assert(!names_fetch<T>() || PriceKind<T>::has,
                  "fetch: want stipend::Result<void> fetch(std::string_view, std::string_view, stipend_mono_ns, "
                  "stipend::Completion<stipend_quote>)");
    static_assert(!names_report<T>() || ServiceKind<T>::has, "report: want stipend::Result<std::string> report()");
    static_assert(!names_deliver<T>() || AlertKind<T>::has,
                  "deliver: want stipend::Result<void> deliver(const stipend::AlertMessage&, "
                  "stipend::Completion<stipend::Nothing>)");
    check_hooks<T>();
    return true;
}

}  // namespace stipend::detail
