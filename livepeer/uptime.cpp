// The uptime in a worker's answer, read from the parser's events: a tree of every answer cost a tenth of what a job
// costs the host.
#include "livepeer/uptime.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_set>

#include "livepeer/wire.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/money.hpp"
#include "stipend/services_below.hpp"

namespace livepeer {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::JsonLimits;
using stipend::Result;

namespace {

// A value of the answer, as far as it is used.
struct Value {
    bool present = false;
    Json::Kind kind = Json::Kind::null;
    std::string text;  // of a number or a string
};

// The members that are used: of the answer, and one of `services`. Those of the uptime are in the order in which they
// are looked for.
enum class Member : std::uint8_t {
    overall,
    service,
    percentage,
    of_services,
    window,
    services,
    evidence,
    service_list,
    none
};
constexpr std::size_t texts = 5;  // so many of them have a text that is used
constexpr std::array<std::string_view, 8> names{"overall_uptime_percentage",
                                                "service_uptime",
                                                "uptime_percentage",
                                                "services.uptime_percentage",
                                                "window_seconds",
                                                "services",
                                                "evidence",
                                                "service_list"};

Member member_of_answer(std::string_view key) {
    for (std::size_t at = 0; at < names.size(); ++at) {
        const auto member = static_cast<Member>(at);
        if (key == names[at] && member != Member::of_services) return member;
    }
    return Member::none;
}

// Refuses what parse_json does, in the same words; the shape of its functions is Boost.JSON's.
class UptimeReader {
  public:
    constexpr static std::size_t max_object_size = static_cast<std::size_t>(-1);
    constexpr static std::size_t max_array_size = static_cast<std::size_t>(-1);
    constexpr static std::size_t max_key_size = static_cast<std::size_t>(-1);
    constexpr static std::size_t max_string_size = static_cast<std::size_t>(-1);
    using error_code = boost::json::error_code;
    using view = boost::json::string_view;
    using Builder = stipend::detail::JsonBuilder;

    UptimeReader(JsonLimits limits, bool with_evidence) : limits_(limits), with_evidence_(with_evidence) {
        // As much as the answer of a worker with some services takes.
        frames_.reserve(4);
        keys_.reserve(std::min<std::size_t>(limits.bytes, 256));
        ends_.reserve(24);
    }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& ec) {
        return open(ec) && copied([&](Builder& copy) { return copy.on_object_begin(ec); });
    }
    bool on_object_end(std::size_t count, error_code& ec) {
        return close(Json::Kind::object, ec, [&](Builder& copy) { return copy.on_object_end(count, ec); });
    }
    bool on_array_begin(error_code& ec) {
        return open(ec) && copied([&](Builder& copy) { return copy.on_array_begin(ec); });
    }
    bool on_array_end(std::size_t count, error_code& ec) {
        return close(Json::Kind::array, ec, [&](Builder& copy) { return copy.on_array_end(count, ec); });
    }
    bool on_key_part(view part, std::size_t count, error_code& ec) {
        text_.append(part.data(), part.size());
        return copied([&](Builder& copy) { return copy.on_key_part(part, count, ec); });
    }
    bool on_key(view part, std::size_t count, error_code& ec) {
        const auto key = whole(part);
        auto& frame = frames_.back();
        if (!is_new(frame, key)) return refuse(cat("duplicate key \"", key, "\""), ec);
        if (!copied([&](Builder& copy) { return copy.on_key(part, count, ec); })) return false;
        if (frames_.size() == 1) {
            next_ = member_of_answer(key);
        } else if (frame.member == Member::services && key == "uptime_percentage") {
            next_ = Member::of_services;
        }
        text_.clear();
        return true;
    }
    bool on_string_part(view part, std::size_t count, error_code& ec) {
        begin_copy();
        if (has_text(next_)) text_.append(part.data(), part.size());
        return copied([&](Builder& copy) { return copy.on_string_part(part, count, ec); });
    }
    bool on_string(view part, std::size_t count, error_code& ec) {
        const auto done = [&](Builder& copy) { return copy.on_string(part, count, ec); };
        return add(Json::Kind::string, has_text(next_) ? whole(part) : std::string_view(), ec, done);
    }
    bool on_number_part(view part, error_code& ec) {
        begin_copy();
        text_.append(part.data(), part.size());
        return copied([&](Builder& copy) { return copy.on_number_part(part, ec); });
    }
    bool on_int64(std::int64_t, view part, error_code& ec) { return number(part, ec); }
    bool on_uint64(std::uint64_t, view part, error_code& ec) { return number(part, ec); }
    bool on_double(double, view part, error_code& ec) { return number(part, ec); }
    bool on_bool(bool value, error_code& ec) {
        return add(Json::Kind::boolean, {}, ec, [&](Builder& copy) { return copy.on_bool(value, ec); });
    }
    bool on_null(error_code& ec) {
        return add(Json::Kind::null, {}, ec, [&](Builder& copy) { return copy.on_null(ec); });
    }
    bool on_comment_part(view, error_code&) { return true; }
    bool on_comment(view, error_code&) { return true; }

    std::array<Value, texts> values;
    std::optional<Json> evidence, service_list;  // also if null
    Json::Kind root = Json::Kind::null;
    std::string why;

  private:
    struct Frame {
        Member member = Member::none;            // that it is the value of
        std::size_t first_key = 0;               // of its own in `ends_`
        std::unordered_set<std::string> many{};  // its keys, once there are many
    };
    // As in the tree: along a few keys a look costs less than a set.
    constexpr static std::size_t small_object = 16;

    static bool has_text(Member member) { return static_cast<std::size_t>(member) < texts; }

    bool refuse(std::string reason, error_code& ec) {
        why = std::move(reason);
        ec = boost::json::error::incomplete;
        return false;
    }
    // The text of which `part` is the last piece.
    std::string_view whole(view part) {
        if (text_.empty()) return {part.data(), part.size()};
        text_.append(part.data(), part.size());
        return text_;
    }

    // Whether the key is the first of its name in the innermost object.
    bool is_new(Frame& frame, std::string_view key) {
        const auto count = ends_.size() - frame.first_key;
        if (!frame.many.empty()) return frame.many.emplace(key).second;
        auto from = frame.first_key == 0 ? 0 : ends_[frame.first_key - 1];
        for (auto at = frame.first_key; at < ends_.size(); from = ends_[at++]) {
            const auto earlier = std::string_view(keys_).substr(from, ends_[at] - from);
            if (earlier == key) return false;
            if (count >= small_object) frame.many.emplace(earlier);
        }
        if (count >= small_object) return frame.many.emplace(key).second;
        keys_.append(key);
        ends_.push_back(keys_.size());
        return true;
    }

    bool open(error_code& ec) {
        if (frames_.size() >= limits_.depth) return refuse(cat("nested deeper than ", limits_.depth), ec);
        begin_copy();
        frames_.push_back({.member = next_, .first_key = ends_.size()});
        next_ = Member::none;
        return true;
    }
    template <class Done>
    bool close(Json::Kind kind, error_code& ec, Done&& done) {
        const auto first = frames_.back().first_key;
        next_ = frames_.back().member;
        frames_.pop_back();
        keys_.resize(first == 0 ? 0 : ends_[first - 1]);
        ends_.resize(first);
        return add(kind, {}, ec, done);
    }
    bool number(view part, error_code& ec) {
        const auto text = whole(part);
        if (text.size() > stipend::Decimal::max_text) return refuse("number too long", ec);
        return add(Json::Kind::number, text, ec, [&](Builder& copy) { return copy.on_double(0, part, ec); });
    }
    // Ends a value; `done` ends the copy's.
    template <class Done>
    bool add(Json::Kind kind, std::string_view text, error_code& ec, Done&& done) {
        if (++nodes_ > limits_.nodes) return refuse(cat("more than ", limits_.nodes, " values"), ec);
        begin_copy();
        if (!copied(done)) return false;
        if (has_text(next_)) {
            auto& value = values[static_cast<std::size_t>(next_)];
            value.present = true;
            value.kind = kind;
            value.text = text;
        }
        if (copy_ && frames_.size() == 1) {
            (next_ == Member::evidence ? evidence : service_list) = std::move(copy_->root);
            copy_.reset();
        }
        if (frames_.empty()) root = kind;
        next_ = Member::none;
        text_.clear();
        return true;
    }

    void begin_copy() {
        const bool copies = next_ == Member::evidence || next_ == Member::service_list;
        if (copies && with_evidence_ && !copy_) copy_.emplace(limits_);
    }
    template <class Forward>
    bool copied(Forward&& forward) {
        if (!copy_) return true;
        if (forward(*copy_)) return true;
        why = copy_->why;
        return false;
    }

    const JsonLimits limits_;
    const bool with_evidence_;
    std::vector<Frame> frames_;  // what is open
    std::string keys_;           // of the open objects, one after the other
    std::vector<std::size_t> ends_;
    std::string text_;  // pieces of a key, number or string
    Member next_ = Member::none;
    std::size_t nodes_ = 0;
    std::optional<Builder> copy_;  // of the evidence, or of its list
};

JsonLimits limits_of(std::string_view body) {
    return {.bytes = body.size(), .depth = 32, .nodes = 100'000};
}

std::optional<Json> list_in(std::string_view received) {
    const auto body = json_text(received);
    const auto answer = body ? stipend::parse_json(*body, limits_of(*body)) : Result<Json>(body.error());
    const auto* list = answer ? answer->find("service_list") : nullptr;
    return list == nullptr ? std::nullopt : std::optional(*list);
}

std::uint32_t window_of(const Value& window) {
    if (!window.present || window.kind != Json::Kind::number) return 0;
    const auto number = stipend::Decimal::parse(window.text);
    const auto seconds = number ? number->exact_scaled(0) : Result<std::int64_t>(0);
    const bool fits = seconds && *seconds > 0 && *seconds <= std::numeric_limits<std::uint32_t>::max();
    return fits ? static_cast<std::uint32_t>(*seconds) : 0;
}

}  // namespace

Result<Uptime> read_uptime(std::string_view received, bool with_evidence) {
    STIPEND_LET(body, json_text(received));
    const auto limits = limits_of(body);
    boost::json::basic_parser<UptimeReader> parser(stipend::detail::parse_options(limits), limits, with_evidence);
    STIPEND_TRY(stipend::detail::run_parser(parser, body));
    auto& answer = parser.handler();
    if (answer.root != Json::Kind::object) {
        return fail(STIPEND_E_INVALID, "the answer is ", Json::name_of(answer.root), ", want an object with an uptime");
    }
    std::size_t at = 0;
    while (at <= static_cast<std::size_t>(Member::of_services) && !answer.values[at].present) ++at;
    if (at > static_cast<std::size_t>(Member::of_services)) {
        return fail(STIPEND_E_INVALID,
                    "no uptime in the answer: want overall_uptime_percentage, service_uptime, uptime_percentage or "
                    "services.uptime_percentage");
    }
    const auto& found = answer.values[at];
    if (found.kind != Json::Kind::number) {
        const auto text = found.kind == Json::Kind::string ? cat("the string \"", printable(found.text, 40), "\"")
                                                           : std::string(Json::name_of(found.kind));
        return fail(STIPEND_E_INVALID, names[at], ": got ", text, ", want a number in 0..100");
    }
    auto ppm = stipend::percent_to_ppm(found.text);
    if (!ppm) {
        return fail(STIPEND_E_INVALID, names[at], ": got ", printable(found.text, 40), ", want a number in 0..100");
    }
    Uptime out{*ppm, window_of(answer.values[static_cast<std::size_t>(Member::window)])};
    if (!answer.evidence || answer.evidence->is(Json::Kind::null)) return out;
    out.evidence = std::move(answer.evidence);
    out.service_list = std::move(answer.service_list);
    return out;
}

std::string services_below(const Uptime& uptime, std::string_view body) {
    if (uptime.ppm >= stipend::ppm_one) return {};
    // Evidence covers its list: none but that one counts.
    const auto list = uptime.evidence ? uptime.service_list : list_in(body);
    stipend::ServicesBelow below;
    if (!list || !list->is(Json::Kind::array)) return {};
    for (const auto& entry : list->items()) {
        const auto* name = entry.find("name");
        const auto* percent = entry.find("uptime_percentage");
        if (name == nullptr || !name->is(Json::Kind::string)) continue;
        if (percent == nullptr || !percent->is(Json::Kind::number)) continue;
        const auto ppm = stipend::percent_to_ppm(percent->text());
        if (ppm) below.services.push_back({.name = name->text(), .up_ppm = *ppm});
    }
    return services_below_text(std::move(below));
}

}  // namespace livepeer
