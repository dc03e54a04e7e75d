#include "host/plugin/record_check.hpp"

#include <cstdint>
#include <tuple>

#include "host/base/printable.hpp"
#include "host/plugin/record_rules.hpp"
#include "stipend/money.hpp"
#include "stipend/record.hpp"

namespace stipend::plugin {
namespace {

// A text or bytes by pointer and length.
template <auto Member>
struct Pointed {
    const char* field;

    template <class Record>
    [[nodiscard]] bool holds(const Record& record) const {
        return (record.*Member).len <= max_text_bytes && ((record.*Member).len == 0 || (record.*Member).ptr != nullptr);
    }
    template <class Record>
    [[nodiscard]] std::string what(const Record& record) const {
        if ((record.*Member).len <= max_text_bytes) return cat(field, ": got ", (record.*Member).len, " bytes at NULL");
        return cat(field, ": got ", (record.*Member).len, " bytes, want at most ", max_text_bytes);
    }
};

using JobRecord = stipend_job_result;
constexpr std::uint32_t result_flags = STIPEND_RESULT_REPORTED | STIPEND_RESULT_SIGNED | STIPEND_RESULT_ANSWERED |
                                       STIPEND_RESULT_UNLISTED | STIPEND_RESULT_OVER_FEE | STIPEND_RESULT_UNFUNDED;
constexpr std::uint32_t unknown_only = STIPEND_RESULT_UNLISTED | STIPEND_RESULT_OVER_FEE | STIPEND_RESULT_UNFUNDED;
constexpr std::tuple job_result_rules{
    OneOf<&JobRecord::outcome, STIPEND_JOB_OK, STIPEND_JOB_UNKNOWN>{"outcome", "OK, FAILED or UNKNOWN"},
    Range<&JobRecord::http_status, 0, 999>{"http_status"},
    Flags<&JobRecord::flags, result_flags>{"flags"},
    Range<&JobRecord::reported_ppm, 0, ppm_one>{"reported_ppm"},
    Range<&JobRecord::latency_ns, 0, ns_per_day>{"latency_ns"},
    Pointed<&JobRecord::served_by>{"served_by"},
    Pointed<&JobRecord::reason>{"reason"},
    Pointed<&JobRecord::evidence>{"evidence"},
    Relation{"flags: got UNLISTED, OVER_FEE or UNFUNDED with another outcome, want UNKNOWN",
             [](const JobRecord& r) { return r.outcome == STIPEND_JOB_UNKNOWN || (r.flags & unknown_only) == 0; }},
};

using QuoteRecord = stipend_quote;
constexpr std::tuple quote_rules{
    Pointed<&QuoteRecord::base>{"base"},
    Pointed<&QuoteRecord::quote>{"quote"},
    Pointed<&QuoteRecord::source>{"source"},
    Range<&QuoteRecord::exponent, -30, 30>{"exponent"},
    Range<&QuoteRecord::mantissa, 1, INT64_MAX>{"mantissa"},
    Range<&QuoteRecord::observed_at, 0, max_time_ns>{"observed_at"},
    Range<&QuoteRecord::valid_until, 0, max_time_ns>{"valid_until"},
};

using ObservedRecord = stipend_observation;
constexpr std::tuple observation_rules{
    OneOf<&ObservedRecord::verdict, STIPEND_UP, STIPEND_FOUND>{"verdict", "UP, DOWN, DEGRADED, UNKNOWN or FOUND"},
    Pointed<&ObservedRecord::target_id>{"target_id"},
    Pointed<&ObservedRecord::evidence>{"evidence"},
    Range<&ObservedRecord::started_at, 0, max_time_ns>{"started_at"},
    Range<&ObservedRecord::ended_at, 0, max_time_ns>{"ended_at"},
    Relation{"ended_at: got a time before started_at",
             [](const ObservedRecord& o) { return o.ended_at >= o.started_at; }},
};

using OfferRecord = stipend_offer;
constexpr std::tuple offer_rules{
    Range<&OfferRecord::reachable, 0, 1>{"reachable"},
    Range<&OfferRecord::capacity, -1, INT32_MAX>{"capacity"},
    Pointed<&OfferRecord::announced_address>{"announced_address"},
    Range<&OfferRecord::latency_ns, 0, max_time_ns>{"latency_ns"},
};

template <class Rules, class Record>
Result<void> check_all(const Rules& rules, const Record& given) {
    Record scratch{};
    const auto& record = stipend::detail::record_view(&given, scratch);
    const auto broken = first_broken(rules, record);
    if (broken) return fail(STIPEND_E_INVALID, *broken);
    return {};
}

Result<void> check_pair(const char* field, std::string_view got, std::string_view want) {
    if (got == want) return {};
    return fail(STIPEND_E_INVALID, field, ": got \"", printable_line(clip(got, 32)), "\", want \"", want, "\"");
}

}  // namespace

Result<void> check(const stipend_job_result& result) {
    return check_all(job_result_rules, result);
}

Result<void> check(const stipend_quote& record, std::string_view base, std::string_view quote) {
    STIPEND_TRY(check_all(quote_rules, record));
    stipend_quote scratch{};
    const auto& whole = stipend::detail::record_view(&record, scratch);
    STIPEND_TRY(check_pair("base", view(whole.base), base));
    return check_pair("quote", view(whole.quote), quote);
}

Result<void> check(const stipend_offer& offer) {
    return check_all(offer_rules, offer);
}

Result<void> check(const stipend_observation& observation) {
    return check_all(observation_rules, observation);
}

std::string line_of(std::string_view text, std::size_t max_bytes) {
    return std::string(clip(printable_line(text.substr(0, max_bytes)), max_bytes));
}

}  // namespace stipend::plugin
