#include "host/base/recurring.hpp"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <string>

#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"

namespace stipend {
namespace {

constexpr int days_searched = 9 * 366;  // a 29th of February may be eight years away

// One field of a schedule: which of its values fit.
struct Field {
    std::bitset<60> values;
    bool any = true;  // it is "*": no restriction
};

struct FieldRules {
    std::string_view name;
    int least;
    int most;
    std::string_view words;  // names of three letters, from `least` on
};

constexpr std::array<FieldRules, 5> field_rules{{{"minute", 0, 59, ""},
                                                 {"hour", 0, 23, ""},
                                                 {"day of the month", 1, 31, ""},
                                                 {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
                                                 {"day of the week", 0, 7, "sunmontuewedthufrisat"}}};

std::optional<int> value_of(std::string_view text, const FieldRules& rules) {
    if (text.size() == 3 && !rules.words.empty()) {
        const auto lower = ascii::to_lower(text);
        for (std::size_t at = 0; at < rules.words.size(); at += 3) {
            if (rules.words.substr(at, 3) == lower) return rules.least + static_cast<int>(at / 3);
        }
    }
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
    return value;
}

Result<Field> parse_field(std::string_view text, const FieldRules& rules) {
    const auto bad = [&] {
        return fail(STIPEND_E_CONFIG, "got \"", clip(text, 60), "\" as the ", rules.name, ", want values from ",
                    rules.least, " to ", rules.most, " as in 1,3-5 or */2");
    };
    Field out;
    out.any = text.starts_with('*');
    for (std::size_t start = 0; start <= text.size();) {
        const auto end = std::min(text.find(',', start), text.size());
        auto part = text.substr(start, end - start);
        start = end + 1;
        std::optional<int> step = 1;
        if (const auto slash = part.find('/'); slash != std::string_view::npos) {
            step = value_of(part.substr(slash + 1), rules);
            part = part.substr(0, slash);
            if (!step || *step < 1) return bad();
        }
        std::optional<int> first = rules.least, last = rules.most;
        if (part != "*") {
            const auto dash = part.find('-');
            if (part.empty() || dash == 0) return bad();
            first = value_of(part.substr(0, dash), rules);
            if (dash != std::string_view::npos) {
                if (dash + 1 == part.size()) return bad();
                last = value_of(part.substr(dash + 1), rules);
            } else if (*step == 1) {
                last = first;
            }
        }
        if (!first || !last || *first < rules.least || *last > rules.most || *first > *last) return bad();
        for (int value = *first; value <= *last; value += *step) out.values.set(static_cast<std::size_t>(value));
    }
    return out;
}

std::string_view spelled_out(std::string_view text) {
    if (text == "@hourly") return "0 * * * *";
    if (text == "@daily" || text == "@midnight") return "0 0 * * *";
    if (text == "@weekly") return "0 0 * * 0";
    if (text == "@monthly") return "0 0 1 * *";
    return text;
}

Error at_path(Error error, const char* path) {
    error.path = path;
    return error;
}

}  // namespace

struct Recurring::Rules {
    std::array<Field, 5> fields;
    absl::TimeZone zone;
    std::int64_t duration_ns = 0;

    [[nodiscard]] bool fits(std::size_t field, int value) const {
        return fields[field].values.test(static_cast<std::size_t>(value));
    }
    [[nodiscard]] bool fits_day(absl::CivilDay day) const {
        if (!fits(3, day.month())) return false;
        const int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;  // Monday is 0 there
        const bool by_month = fits(2, day.day());
        const bool by_week = fits(4, weekday) || (weekday == 0 && fits(4, 7));
        if (fields[2].any || fields[4].any) return by_month && by_week;
        return by_month || by_week;
    }
    // When a minute of the zone's clock begins.
    [[nodiscard]] stipend_unix_ns begin_of(absl::CivilMinute minute) const {
        const auto found = zone.At(absl::CivilSecond(minute));
        return absl::ToUnixNanos(found.kind == absl::TimeZone::TimeInfo::SKIPPED ? found.trans : found.pre);
    }
};

Result<Recurring> Recurring::make(std::string_view schedule, std::string_view zone, std::int64_t duration_ns) {
    auto rules = std::make_shared<Rules>();
    if (duration_ns <= 0 || duration_ns > longest_ns) {
        return at_path(fail(STIPEND_E_CONFIG, "got ", duration_text(duration_ns), ", want more than 0s and at most 7d"),
                       "/duration");
    }
    rules->duration_ns = duration_ns;
    if (zone.empty() || !absl::LoadTimeZone(std::string(zone), &rules->zone)) {
        return at_path(fail(STIPEND_E_CONFIG, "got \"", clip(zone, 60),
                            "\", want a time zone that this machine knows, such as Europe/Berlin or UTC"),
                       "/zone");
    }
    auto rest = spelled_out(schedule);
    std::size_t count = 0;
    for (;;) {
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
        if (rest.empty()) break;
        const auto text = rest.substr(0, rest.find_first_of(" \t"));
        rest.remove_prefix(text.size());
        if (count < rules->fields.size()) {
            auto field = parse_field(text, field_rules[count]);
            if (!field) return at_path(std::move(field).error(), "/schedule");
            rules->fields[count] = *field;
        }
        ++count;
    }
    if (count != rules->fields.size()) {
        return at_path(fail(STIPEND_E_CONFIG, "got \"", clip(schedule, 60),
                            "\", want five fields: minute, hour, day of the month, month, day of the week"),
                       "/schedule");
    }
    return Recurring(std::move(rules));
}

std::optional<Window> Recurring::at_or_after(stipend_unix_ns now) const {
    const auto& rules = *rules_;
    const auto earliest = absl::FromUnixNanos(now - rules.duration_ns);
    auto day = absl::ToCivilDay(earliest, rules.zone) - 1;  // a clock that is set back may repeat a part of a day
    for (int n = 0; n < days_searched; ++n, ++day) {
        if (!rules.fits_day(day)) continue;
        for (int hour = 0; hour < 24; ++hour) {
            if (!rules.fits(1, hour)) continue;
            for (int minute = 0; minute < 60; ++minute) {
                if (!rules.fits(0, minute)) continue;
                const auto from = rules.begin_of(absl::CivilMinute(day.year(), day.month(), day.day(), hour, minute));
                if (from + rules.duration_ns > now) return Window{from, from + rules.duration_ns};
            }
        }
    }
    return std::nullopt;
}

std::vector<Window> Recurring::within(stipend_unix_ns from, stipend_unix_ns to) const {
    std::vector<Window> out;
    for (auto at = from; at < to;) {
        const auto next = at_or_after(at);
        if (!next || next->from >= to) break;
        const Window part{std::max(next->from, at), std::min(next->to, to)};
        if (!out.empty() && out.back().to == part.from) {
            out.back().to = part.to;
        } else {
            out.push_back(part);
        }
        at = next->to;
    }
    return out;
}

}  // namespace stipend
