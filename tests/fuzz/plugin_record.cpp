// Any bytes as what a plugin hands to the host: its records, of any size and with texts of any length, and what it says
// of itself. What the host's checks accept is within the bounds that the host relies on.
//
// The first byte is the kind of record; then follow its fields, 8 bytes each, in the order of the ABI.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "host/base/printable.hpp"
#include "host/plugin/decision_check.hpp"
#include "host/plugin/description.hpp"
#include "host/plugin/record_check.hpp"
#include "stipend/json.hpp"
#include "stipend/record.hpp"
#include "tests/fuzz/target.hpp"

using namespace stipend;
using namespace stipend::plugin;

namespace {

constexpr std::size_t most_made = 4'096;  // of a text that is really there

// Texts in memory of exactly their size, so that a sanitizer notices a read beyond their end.
class Texts {
  public:
    // 2 bytes of a length and the text; beyond what is made, a length that must be refused before the text is read.
    stipend_bytes bytes(fuzz::Input& input) {
        const auto length = input.number(2);
        if (length == 0xffff) return {nullptr, input.number(8)};
        if (length > most_made) return {copy(" "), max_text_bytes + length};
        const auto text = input.text(length);
        return {copy(text), text.size()};
    }
    stipend_str text(fuzz::Input& input) {
        const auto raw = bytes(input);
        return {reinterpret_cast<const char*>(raw.ptr), raw.len};
    }
    // NUL-terminated, or NULL.
    const char* c_text(fuzz::Input& input) {
        const auto length = input.number(2);
        if (length == 0xffff) return nullptr;
        std::string text(input.text(length));
        text.push_back('\0');
        return reinterpret_cast<const char*>(copy(text));
    }

  private:
    const std::uint8_t* copy(std::string_view text) {
        auto& made = made_.emplace_back(new std::uint8_t[text.size()]);
        std::memcpy(made.get(), text.data(), text.size());
        return made.get();
    }
    std::vector<std::unique_ptr<std::uint8_t[]>> made_;
};

template <class Number>
Number of(fuzz::Input& input) {
    return static_cast<Number>(input.number(sizeof(Number)));
}

// The record in memory of the size that it states, as an older plugin's; calls `use` with it.
template <class Record, class Use>
void in_its_size(fuzz::Input& input, Record record, Use use) {
    // A plugin's version of a record ends with a whole field.
    const auto size = std::min(sizeof(Record), std::size_t{8} + input.byte() % (sizeof(Record) / 8) * 8);
    record.size = static_cast<std::uint32_t>(size);
    auto* const memory = ::operator new(size);
    std::memcpy(memory, &record, size);
    use(*static_cast<const Record*>(memory));
    ::operator delete(memory);
    record.size = sizeof(Record) + input.byte();  // a newer plugin's
    use(record);
}

template <class Bytes>
void require_sound(const Bytes& bytes) {
    FUZZ_REQUIRE(bytes.len <= max_text_bytes && (bytes.len == 0 || bytes.ptr != nullptr));
    const auto line = line_of(view(stipend_str{reinterpret_cast<const char*>(bytes.ptr), bytes.len}), 200);
    FUZZ_REQUIRE(line.size() <= 200 && line.find('\n') == std::string::npos && printable_line(line) == line);
}

void check_error(const Result<void>& result) {
    if (!result) FUZZ_REQUIRE(result.error().status == STIPEND_E_INVALID && !result.error().message.empty());
}

void check_job_result(fuzz::Input& input) {
    Texts texts;
    stipend_job_result record{};
    record.outcome = of<std::int32_t>(input);
    record.http_status = of<std::int32_t>(input);
    record.flags = of<std::uint32_t>(input);
    record.reported_ppm = of<std::uint32_t>(input);
    record.reported_window_s = of<std::uint32_t>(input);
    record.latency_ns = of<std::int64_t>(input);
    record.served_by = texts.text(input);
    record.reason = texts.text(input);
    record.evidence = texts.bytes(input);
    in_its_size(input, record, [](const stipend_job_result& given) {
        const auto result = check(given);
        check_error(result);
        if (!result) return;
        stipend_job_result scratch{};
        const auto& r = stipend::detail::record_view(&given, scratch);
        FUZZ_REQUIRE(r.outcome >= STIPEND_JOB_OK && r.outcome <= STIPEND_JOB_UNKNOWN);
        FUZZ_REQUIRE(r.http_status >= 0 && r.http_status <= 999 && r.reported_ppm <= 1'000'000);
        FUZZ_REQUIRE(r.latency_ns >= 0);
        const auto of_unknown = STIPEND_RESULT_UNLISTED | STIPEND_RESULT_OVER_FEE | STIPEND_RESULT_UNFUNDED;
        FUZZ_REQUIRE(r.outcome == STIPEND_JOB_UNKNOWN || (r.flags & static_cast<std::uint32_t>(of_unknown)) == 0);
        require_sound(r.served_by);
        require_sound(r.reason);
        require_sound(r.evidence);
    });
}

void check_quote(fuzz::Input& input) {
    Texts texts;
    stipend_quote record{};
    record.exponent = of<std::int32_t>(input);
    record.mantissa = of<std::int64_t>(input);
    record.observed_at = of<std::int64_t>(input);
    record.valid_until = of<std::int64_t>(input);
    record.base = texts.text(input);
    record.quote = texts.text(input);
    record.source = texts.text(input);
    in_its_size(input, record, [](const stipend_quote& given) {
        const auto result = check(given, "ETH", "USD");
        check_error(result);
        if (!result) return;
        stipend_quote scratch{};
        const auto& r = stipend::detail::record_view(&given, scratch);
        FUZZ_REQUIRE(view(r.base) == "ETH" && view(r.quote) == "USD" && r.mantissa > 0);
        FUZZ_REQUIRE(r.exponent >= -30 && r.exponent <= 30);
        FUZZ_REQUIRE(r.observed_at >= 0 && r.observed_at <= max_time_ns && r.valid_until >= 0);
        require_sound(r.source);
    });
}

void check_observation(fuzz::Input& input) {
    Texts texts;
    stipend_observation record{};
    record.verdict = of<std::int32_t>(input);
    record.started_at = of<std::int64_t>(input);
    record.ended_at = of<std::int64_t>(input);
    record.target_id = texts.text(input);
    record.evidence = texts.bytes(input);
    in_its_size(input, record, [](const stipend_observation& given) {
        const auto result = check(given);
        check_error(result);
        if (!result) return;
        stipend_observation scratch{};
        const auto& r = stipend::detail::record_view(&given, scratch);
        FUZZ_REQUIRE(r.verdict >= STIPEND_UP && r.verdict <= STIPEND_FOUND);
        FUZZ_REQUIRE(0 <= r.started_at && r.started_at <= r.ended_at && r.ended_at <= max_time_ns);
        require_sound(r.target_id);
        require_sound(r.evidence);
    });
}

// One byte after the other, which the check does sixteen at a time.
template <std::size_t N>
bool is_terminated(const char (&field)[N]) {
    const auto length = strnlen(field, N);
    for (auto at = length; at < N; ++at) {
        if (field[at] != '\0') return false;
    }
    return length < N;
}

bool is_printable_ascii(const char* text) {
    return std::all_of(text, text + std::strlen(text), [](char c) { return c >= 0x20 && c < 0x7F; });
}

bool is_sound_by_field(const stipend_sample& sample, const stipend_decision& d) {
    const bool fields = d.action >= STIPEND_PAY && d.action <= STIPEND_HOLD && d.size == sizeof d &&
                        d.amount_usd_e8 >= 0 && d.delay_ns >= 0 && d.delay_ns <= max_wait_ns && d.penalty_ns >= 0 &&
                        d.penalty_ns <= max_wait_ns && d.uptime_ppm <= 1'000'000 &&
                        (d.flags & ~std::uint32_t{STIPEND_DECISION_SUSPENDED}) == 0 && is_terminated(d.tier) &&
                        is_terminated(d.reason);
    if (!fields) return false;
    if (sample.job == STIPEND_JOB_UNKNOWN && d.action != STIPEND_HOLD) return false;
    if (d.action != STIPEND_PAY && d.amount_usd_e8 != 0) return false;
    if (d.action == STIPEND_PAY && sample.job != STIPEND_JOB_OK) return false;
    return d.consecutive_failures <= std::uint64_t{sample.consecutive_failures} + 1;
}

void check_decision(fuzz::Input& input) {
    auto sample = make_record<stipend_sample>();
    auto decision = make_record<stipend_decision>();
    sample.job = static_cast<std::int32_t>(input.byte());
    sample.consecutive_failures = of<std::uint32_t>(input);
    if (const auto odd = input.byte(); odd != 0) decision.size = odd;
    decision.action = static_cast<std::int32_t>(input.byte());
    decision.amount_usd_e8 = of<std::int64_t>(input);
    decision.delay_ns = of<std::int64_t>(input);
    decision.penalty_ns = of<std::int64_t>(input);
    decision.multiplier_ppm = of<std::uint32_t>(input);
    decision.uptime_ppm = of<std::uint32_t>(input);
    decision.consecutive_failures = of<std::uint32_t>(input);
    decision.flags = of<std::uint32_t>(input);
    const auto tier = input.text(sizeof decision.tier);
    std::memcpy(decision.tier, tier.data(), tier.size());
    const auto reason = input.text(sizeof decision.reason);
    std::memcpy(decision.reason, reason.data(), reason.size());
    FUZZ_REQUIRE(is_sound(sample, decision) == is_sound_by_field(sample, decision));
    FUZZ_REQUIRE(all_sound_and_printable({&sample, 1}, {&decision, 1}) ==
                 (is_sound_by_field(sample, decision) && is_printable_ascii(decision.tier) &&
                  is_printable_ascii(decision.reason)));
    if (!is_sound(sample, decision)) {
        FUZZ_REQUIRE(!explain(sample, decision).message.empty());
        return;
    }
    make_printable(decision);
    FUZZ_REQUIRE(is_sound(sample, decision));
    for (const auto* text : {decision.tier, decision.reason}) FUZZ_REQUIRE(printable_line(text) == text);
    auto again = decision;
    make_printable(again);
    FUZZ_REQUIRE(std::memcmp(&again, &decision, sizeof again) == 0);
}

// What the functions of an entry give; they have no argument of their own for it.
std::vector<stipend_descriptor> descriptors;
std::uint32_t descriptor_count = 0;

stipend_entry entry_of(const stipend_lifecycle_v1& lifecycle) {
    stipend_entry out{};
    out.magic = STIPEND_MAGIC;
    out.size = sizeof out;
    out.abi_major = STIPEND_ABI_MAJOR;
    out.init = [](const char*, stipend_error*) -> stipend_status { return STIPEND_OK; };
    out.deinit = [] {};
    out.count = [] { return descriptor_count; };
    out.describe = [](std::uint32_t index) -> const stipend_descriptor* {
        return index < descriptors.size() ? &descriptors[index] : nullptr;
    };
    out.lifecycle = &lifecycle;
    return out;
}

stipend_lifecycle_v1 lifecycle_of_nothing() {
    stipend_lifecycle_v1 out{};
    out.check_config = [](auto...) -> stipend_status { return STIPEND_OK; };
    out.create = [](auto...) -> stipend_status { return STIPEND_OK; };
    out.start = [](auto...) -> stipend_status { return STIPEND_OK; };
    out.quiesce = [](auto...) {};
    out.health = [](auto...) -> stipend_status { return STIPEND_OK; };
    out.get_interface = [](auto...) -> const void* { return nullptr; };
    out.destroy = [](auto...) {};
    return out;
}

void check_description(fuzz::Input& input) {
    static const auto lifecycle = lifecycle_of_nothing();
    Texts texts;
    auto entry = entry_of(lifecycle);
    if (const auto odd = input.byte(); odd != 0) entry.size = odd;
    descriptor_count = input.byte();
    entry.sdk = texts.c_text(input);
    entry.build = texts.c_text(input);
    descriptors.clear();
    std::vector<std::vector<const char*>> kinds;
    for (std::uint32_t at = 0; at < descriptor_count && !input.empty(); ++at) {
        stipend_descriptor one{};
        one.size = sizeof one;
        if (const auto odd = input.byte(); odd != 0) one.size = odd;
        for (auto member : {&stipend_descriptor::id, &stipend_descriptor::name, &stipend_descriptor::version,
                            &stipend_descriptor::vendor, &stipend_descriptor::license, &stipend_descriptor::description,
                            &stipend_descriptor::url, &stipend_descriptor::config_schema_json}) {
            one.*member = texts.c_text(input);
        }
        auto& list = kinds.emplace_back();
        for (auto count = input.byte() % 20; count > 0; --count) {
            const auto known = input.byte();
            const auto& names = known_kinds();
            const char* const kind = known < names.size() ? names[known].c_str() : texts.c_text(input);
            if (kind != nullptr) list.push_back(kind);
        }
        list.push_back(nullptr);
        one.kinds = list.data();
        descriptors.push_back(one);
    }
    for (std::size_t at = 0; at < kinds.size(); ++at) descriptors[at].kinds = kinds[at].data();
    const auto described = describe(entry, "plugin.so");
    if (!described) {
        FUZZ_REQUIRE(described.error().status == STIPEND_E_INVALID && !described.error().message.empty());
        return;
    }
    FUZZ_REQUIRE(!described->plugins.empty() && described->plugins.size() <= max_plugins_per_library);
    for (const auto& plugin : described->plugins) {
        FUZZ_REQUIRE(described->find(plugin.id) == &plugin);
        FUZZ_REQUIRE(plugin.id.size() <= 128 && plugin.config_schema.size() <= max_schema_bytes);
    }
    // As the probe hands it to the host.
    const auto json = parse_json(described->to_json().dump());
    if (!json) return;  // a text that is no UTF-8
    const auto again = LibraryDescription::from_json(*json);
    FUZZ_REQUIRE(again.ok() && again->to_json() == described->to_json());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    switch (input.byte()) {
        case 'j':
            check_job_result(input);
            break;
        case 'q':
            check_quote(input);
            break;
        case 'o':
            check_observation(input);
            break;
        case 'd':
            check_decision(input);
            break;
        case 'l':
            check_description(input);
            break;
        default:  // the answer of a probe
            if (const auto json = parse_json(input.rest())) static_cast<void>(LibraryDescription::from_json(*json));
    }
    return 0;
}
