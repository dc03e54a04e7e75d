#include "tools/verify/step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "host/base/printable.hpp"
#include "stipend/decimal.hpp"
#include "stipend/duration.hpp"

namespace stipend::verify {
namespace {

constexpr std::size_t most_needs = 3;
constexpr std::size_t longest_evidence = 2'000;  // bytes

struct Kind {
    std::string_view name;
    std::size_t count = 0;
    std::array<StepId, most_needs> needs{};
};

// By StepId, from 1.
constexpr std::array<Kind, steps> kinds{{
    {"dns"},
    {"tcp", 1, {StepId::dns}},
    {"tls", 1, {StepId::tcp}},
    {"route", 1, {StepId::tls}},
    {"sentinel", 1, {StepId::route}},
    {"token"},
    {"capacity", 1, {StepId::token}},
    {"price", 1, {StepId::token}},
    {"job", 3, {StepId::sentinel, StepId::capacity, StepId::price}},
    {"served_by", 1, {StepId::job}},
    {"uptime", 1, {StepId::served_by}},
    {"tier", 1, {StepId::uptime}},
    {"amount", 1, {StepId::tier}},
    {"ledger_row"},
    {"settlement"},
    {"audit"},
}};

const Kind& kind_of(StepId id) {
    return kinds.at(static_cast<std::size_t>(id) - 1);
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

}  // namespace

std::string_view name_of(StepId id) {
    return kind_of(id).name;
}

std::span<const StepId> needs_of(StepId id) {
    const auto& kind = kind_of(id);
    return {kind.needs.data(), kind.count};
}

std::string_view name_of(Verdict verdict) {
    constexpr std::array<std::string_view, 3> names{"PASS", "FAIL", "SKIP"};
    return names.at(static_cast<std::size_t>(verdict));
}

Found passed(std::string evidence) {
    return {Verdict::pass, std::move(evidence), {}, false};
}

Found failed(std::string evidence, std::string next) {
    return {Verdict::fail, std::move(evidence), std::move(next), true};
}

Found skipped(std::string why, std::string next) {
    return {Verdict::skip, std::move(why), std::move(next), true};
}

Found not_needed(std::string why, std::string next) {
    return {Verdict::skip, std::move(why), std::move(next), false};
}

std::optional<StepId> Report::blocked_by(StepId id, std::string_view orchestrator) const {
    for (const auto need : needs_of(id)) {
        const auto found = std::ranges::find_if(steps_, [&](const Step& one) {
            return one.id == need && (one.orchestrator.empty() || one.orchestrator == orchestrator);
        });
        if (found == steps_.end() || found->found.in_the_way) return need;
    }
    return std::nullopt;
}

std::size_t Report::count(Verdict verdict) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(steps_, [&](const Step& one) { return one.found.verdict == verdict; }));
}

std::string line_of(const Step& step) {
    const auto ms = scaled_text(step.took_ns / ns_per_us, 3);
    auto out = fmt::format("{:>2} {}  {:<10} {:>10} ms  {}\n", static_cast<int>(step.id), name_of(step.found.verdict),
                           name_of(step.id), ms, printable_line(clip(step.found.evidence, longest_evidence)));
    if (!step.found.next.empty()) {
        out += fmt::format("{:>34}  {}\n", "next:", printable_line(clip(step.found.next, longest_evidence)));
    }
    return out;
}

std::string sum_of(const Report& report) {
    return fmt::format("{} passed, {} failed, {} skipped", report.count(Verdict::pass), report.count(Verdict::fail),
                       report.count(Verdict::skip));
}

Json json_of(const Report& report) {
    auto list = Json::array();
    for (const auto& one : report.all()) {
        list.push(Json::object()
                      .append("step", static_cast<int>(one.id))
                      .append("name", name_of(one.id))
                      .append("orchestrator", text_or_null(one.orchestrator))
                      .append("verdict", name_of(one.found.verdict))
                      .append("duration_ms", Json::of_number(scaled_text(one.took_ns / ns_per_us, 3)))
                      .append("evidence", clip(one.found.evidence, longest_evidence))
                      .append("next", text_or_null(one.found.next)));
    }
    return Json::object()
        .append("passed", report.count(Verdict::pass))
        .append("failed", report.count(Verdict::fail))
        .append("skipped", report.count(Verdict::skip))
        .append("steps", std::move(list));
}

}  // namespace stipend::verify
