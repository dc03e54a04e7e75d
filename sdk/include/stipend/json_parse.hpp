// The parser behind stipend/json.hpp, apart because its headers are slow to compile: include it where JSON is read.
#pragma once

#include <boost/json/basic_parser_impl.hpp>
#include <unordered_set>

#include "stipend/json.hpp"

// A program that compiles the parser once, for all its files, defines this as nothing in that one file.
#ifndef STIPEND_JSON_LINKAGE
#define STIPEND_JSON_LINKAGE inline
#endif

namespace stipend {
namespace detail {

// Builds a Json tree from the parser's events; the shape of its functions is Boost.JSON's.
class JsonBuilder {
  public:
    constexpr static std::size_t max_object_size = static_cast<std::size_t>(-1);
    constexpr static std::size_t max_array_size = static_cast<std::size_t>(-1);
    constexpr static std::size_t max_key_size = static_cast<std::size_t>(-1);
    constexpr static std::size_t max_string_size = static_cast<std::size_t>(-1);
    using error_code = boost::json::error_code;
    using view = boost::json::string_view;

    explicit JsonBuilder(JsonLimits limits) : limits_(limits) {}

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& ec) { return open(Json::object(), ec); }
    bool on_object_end(std::size_t, error_code& ec) { return close(ec); }
    bool on_array_begin(error_code& ec) { return open(Json::array(), ec); }
    bool on_array_end(std::size_t, error_code& ec) { return close(ec); }
    bool on_key_part(view part, std::size_t, error_code&) { return keep(part); }
    bool on_key(view part, std::size_t, error_code& ec) {
        keep(part);
        auto& frame = frames_.back();
        if (!is_new(frame)) return refuse("duplicate key \"" + text_ + "\"", ec);
        frame.key = std::move(text_);
        text_.clear();
        return true;
    }
    bool on_string_part(view part, std::size_t, error_code&) { return keep(part); }
    bool on_string(view part, std::size_t, error_code& ec) {
        keep(part);
        return add(take(), ec);
    }
    bool on_number_part(view part, error_code&) { return keep(part); }
    bool on_int64(std::int64_t, view part, error_code& ec) { return number(part, ec); }
    bool on_uint64(std::uint64_t, view part, error_code& ec) { return number(part, ec); }
    bool on_double(double, view part, error_code& ec) { return number(part, ec); }
    bool on_bool(bool value, error_code& ec) { return add(value, ec); }
    bool on_null(error_code& ec) { return add(Json(), ec); }
    bool on_comment_part(view, error_code&) { return true; }
    bool on_comment(view, error_code&) { return true; }

    Json root;
    std::string why;

  private:
    struct Frame {
        Json value;
        std::string key;
        std::unordered_set<std::string> keys;  // empty while the object is small
    };
    // In small objects a look along the members costs less than a set; in large ones it would grow with the square.
    constexpr static std::size_t small_object = 16;

    // Whether the key in `text_` is the first of its name.
    bool is_new(Frame& frame) const {
        const auto& members = frame.value.members();
        if (members.size() < small_object) return frame.value.find(text_) == nullptr;
        if (frame.keys.empty()) {
            for (const auto& member : members) frame.keys.insert(member.first);
        }
        return frame.keys.insert(text_).second;
    }
    bool refuse(std::string reason, error_code& ec) {
        why = std::move(reason);
        ec = boost::json::error::incomplete;
        return false;
    }
    bool keep(view part) {
        text_.append(part.data(), part.size());
        return true;
    }
    std::string take() { return std::exchange(text_, {}); }
    bool number(view part, error_code& ec) {
        keep(part);
        if (text_.size() > Decimal::max_text) return refuse("number too long", ec);
        return add(Json::of_number(take()), ec);
    }
    bool open(Json value, error_code& ec) {
        if (frames_.size() >= limits_.depth) return refuse(cat("nested deeper than ", limits_.depth), ec);
        frames_.push_back(Frame{std::move(value), {}, {}});
        return true;
    }
    bool close(error_code& ec) {
        Json done = std::move(frames_.back().value);
        frames_.pop_back();
        return add(std::move(done), ec);
    }
    bool add(Json value, error_code& ec) {
        if (++nodes_ > limits_.nodes) return refuse(cat("more than ", limits_.nodes, " values"), ec);
        if (frames_.empty()) {
            root = std::move(value);
        } else if (frames_.back().value.is(Json::Kind::array)) {
            frames_.back().value.push(std::move(value));
        } else {
            frames_.back().value.append(std::exchange(frames_.back().key, {}), std::move(value));
        }
        return true;
    }

    JsonLimits limits_;
    std::vector<Frame> frames_;
    std::string text_;
    std::size_t nodes_ = 0;
};

inline boost::json::parse_options parse_options(JsonLimits limits) {
    boost::json::parse_options options;
    options.max_depth = limits.depth + 1;
    return options;
}

// Reads all of `text` into the parser's handler. A handler that refuses has the reason in `why`.
template <class Handler>
Result<void> run_parser(boost::json::basic_parser<Handler>& parser, std::string_view text) {
    boost::json::error_code ec;
    const auto used = parser.write_some(false, text.data(), text.size(), ec);
    const auto& why = parser.handler().why;
    if (!ec && used < text.size()) ec = boost::json::error::extra_data;
    if (ec) return fail(STIPEND_E_INVALID, "not JSON at byte ", used, ": ", why.empty() ? ec.message() : why);
    return {};
}

}  // namespace detail

// NOLINTNEXTLINE(misc-definitions-in-headers): inline, but for the one file that asked for it
STIPEND_JSON_LINKAGE Result<Json> parse_json(std::string_view text, JsonLimits limits) {
    if (text.size() > limits.bytes) {
        return fail(STIPEND_E_LIMIT, "JSON too large: got ", text.size(), " bytes, want at most ", limits.bytes);
    }
    boost::json::basic_parser<detail::JsonBuilder> parser(detail::parse_options(limits), limits);
    STIPEND_TRY(detail::run_parser(parser, text));
    return std::move(parser.handler().root);
}

}  // namespace stipend
