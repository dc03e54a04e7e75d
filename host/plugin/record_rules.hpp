// The kinds of rules that the tables of what a record may hold are made of. Each has `holds(record)`, without a branch
// where it can, and `what(record)`: which field broke it, with got and want.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "stipend/result.hpp"

#ifdef __clang__
#pragma clang diagnostic ignored "-Wbitwise-instead-of-logical"  // the checks take no branch, on purpose
#endif

namespace stipend::plugin {

// A number within its range.
template <auto Member, std::int64_t Min, std::int64_t Max>
struct Range {
    const char* field;

    template <class Record>
    [[nodiscard]] constexpr bool holds(const Record& record) const {
        if constexpr (Min == Max) return std::cmp_equal(record.*Member, Min);
        return std::cmp_greater_equal(record.*Member, Min) & std::cmp_less_equal(record.*Member, Max);
    }
    template <class Record>
    [[nodiscard]] std::string what(const Record& record) const {
        return cat(field, ": got ", std::to_string(record.*Member), ", want ", std::to_string(Min), " .. ",
                   std::to_string(Max));
    }
};

// One of a few named values, which are adjacent.
template <auto Member, std::int64_t Min, std::int64_t Max>
struct OneOf {
    const char* field;
    const char* names;

    template <class Record>
    [[nodiscard]] constexpr bool holds(const Record& record) const {
        return (record.*Member >= Min) & (record.*Member <= Max);
    }
    template <class Record>
    [[nodiscard]] std::string what(const Record& record) const {
        return cat(field, ": got ", std::to_string(record.*Member), ", want ", names);
    }
};

// Flags of which only some are defined.
template <auto Member, std::uint32_t Known>
struct Flags {
    const char* field;

    template <class Record>
    [[nodiscard]] constexpr bool holds(const Record& record) const {
        return (record.*Member & ~Known) == 0;
    }
    template <class Record>
    [[nodiscard]] std::string what(const Record& record) const {
        return cat(field, ": got ", record.*Member, ", want none but those of ", Known);
    }
};

// A relation of several fields.
template <class Test>
struct Relation {
    const char* text;
    Test test;

    template <class... Record>
    [[nodiscard]] constexpr bool holds(const Record&... record) const {
        return test(record...);
    }
    template <class... Record>
    [[nodiscard]] std::string what(const Record&...) const {
        return text;
    }
};
template <class Test>
Relation(const char*, Test) -> Relation<Test>;

template <class Rules, class Record>
[[gnu::always_inline]] inline bool all_hold(const Rules& rules, const Record& record) {
    return std::apply([&](const auto&... rule) { return (true & ... & rule.holds(record)); }, rules);
}

// Adds how many do not.
template <class Rules, class Record>
[[gnu::always_inline]] inline void count_broken(const Rules& rules, const Record& record, std::uint64_t& broken) {
    std::apply([&](const auto&... rule) { ((broken += static_cast<std::uint64_t>(!rule.holds(record))), ...); }, rules);
}

template <class Rules, class Record>
std::optional<std::string> first_broken(const Rules& rules, const Record& record) {
    std::optional<std::string> out;
    const auto look = [&](const auto& rule) {
        if (rule.holds(record)) return true;
        out = rule.what(record);
        return false;
    };
    std::apply([&](const auto&... rule) { static_cast<void>((look(rule) && ...)); }, rules);
    return out;
}

}  // namespace stipend::plugin
