// JSON values. Numbers keep their text: 94.999 stays 94.999.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "stipend/decimal.hpp"
#include "stipend/result.hpp"

namespace stipend {

class Json {
  public:
    enum class Kind : std::uint8_t { null, boolean, number, string, array, object };
    using Member = std::pair<std::string, Json>;

    Json() = default;
    // Texts, numbers and booleans convert, so that a tree reads as what it says: object.set("paid", 3).
    Json(std::string text) : kind_(Kind::string), text_(std::move(text)) {}  // NOLINT(google-explicit-constructor)
    Json(std::string_view text) : kind_(Kind::string), text_(text) {}        // NOLINT(google-explicit-constructor)
    Json(const char* text) : kind_(Kind::string), text_(text) {}             // NOLINT(google-explicit-constructor)
    template <std::integral Number>                                          // a bool is a boolean
    Json(Number value)                                                       // NOLINT(google-explicit-constructor)
        : kind_(std::is_same_v<Number, bool> ? Kind::boolean : Kind::number), text_(text_of(value)) {}
    static Json of_number(std::string text) { return Json(Kind::number, std::move(text)); }
    static Json array() { return Json(Kind::array, {}); }
    static Json object() { return Json(Kind::object, {}); }

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] bool is(Kind kind) const { return kind_ == kind; }
    // The text of a string, or of a number as it was written; "true" or "false" for a boolean.
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] bool truth() const { return text_ == "true"; }
    [[nodiscard]] const std::vector<Json>& items() const { return items_; }
    // Members in the order they were written.
    [[nodiscard]] const std::vector<Member>& members() const { return members_; }

    // The member of that name, or NULL.
    [[nodiscard]] const Json* find(std::string_view key) const {
        for (const auto& [name, value] : members_) {
            if (name == key) return &value;
        }
        return nullptr;
    }

    Json& push(Json value) {
        items_.push_back(std::move(value));
        return *this;
    }
    Json& set(std::string_view key, Json value) {
        for (auto& [name, old] : members_) {
            if (name == key) {
                old = std::move(value);
                return *this;
            }
        }
        members_.emplace_back(key, std::move(value));
        return *this;
    }

    // As `set`, for a key that is not in the object yet.
    Json& append(std::string key, Json value) {
        members_.emplace_back(std::move(key), std::move(value));
        return *this;
    }

    // The kind in a message: "a number", "an object".
    [[nodiscard]] std::string_view kind_name() const { return name_of(kind_); }
    [[nodiscard]] static std::string_view name_of(Kind kind) {
        switch (kind) {
            case Kind::null:
                return "null";
            case Kind::boolean:
                return "a boolean";
            case Kind::number:
                return "a number";
            case Kind::string:
                return "a string";
            case Kind::array:
                return "an array";
            case Kind::object:
                return "an object";
        }
        return "nothing";
    }

    // Compact text; parse(dump()) gives the same tree.
    [[nodiscard]] std::string dump() const {
        std::string out;
        write(out);
        return out;
    }

    static void quote(std::string& out, std::string_view text) {
        static constexpr std::string_view hex = "0123456789abcdef";
        out.push_back('"');
        // Runs of characters without an escape are copied in one piece.
        std::size_t copied = 0;
        for (std::size_t at = plain_until(text, 0); at < text.size(); at = plain_until(text, at + 1)) {
            const char c = text[at];
            out.append(text, copied, at - copied);
            copied = at + 1;
            switch (c) {
                case '"':
                    out += "\\\"";
                    break;
                case '\\':
                    out += "\\\\";
                    break;
                case '\n':
                    out += "\\n";
                    break;
                case '\r':
                    out += "\\r";
                    break;
                case '\t':
                    out += "\\t";
                    break;
                default:
                    out += "\\u00";
                    out.push_back(hex[static_cast<unsigned char>(c) >> 4]);
                    out.push_back(hex[static_cast<unsigned char>(c) & 15]);
            }
        }
        out.append(text, copied);
        out.push_back('"');
    }

    friend bool operator==(const Json&, const Json&) = default;

  private:
    Json(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}

    template <std::integral Number>
    static std::string text_of(Number value) {
        if constexpr (std::is_same_v<Number, bool>) {
            return value ? "true" : "false";
        } else {
            return std::to_string(value);
        }
    }

    // The first character from `at` on that needs an escape, or the end. Eight at a time, as most texts need none.
    static std::size_t plain_until(std::string_view text, std::size_t at) {
        if constexpr (std::endian::native == std::endian::little) {
            constexpr std::uint64_t ones = 0x0101010101010101U;
            for (; text.size() - at >= sizeof ones; at += sizeof ones) {
                std::uint64_t word = 0;
                std::memcpy(&word, text.data() + at, sizeof word);
                const auto quotes = word ^ (ones * '"');
                const auto slashes = word ^ (ones * '\\');
                // The highest bit of each byte below 0x20, or that is zero; those above the first may have it wrongly.
                const auto found =
                    (((word - ones * 0x20) & ~word) | ((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes)) &
                    (ones << 7U);
                if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
            }
        }
        const auto plain = [](char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; };
        while (at < text.size() && plain(text[at])) ++at;
        return at;
    }

    void write(std::string& out) const {
        switch (kind_) {
            case Kind::null:
                out += "null";
                break;
            case Kind::boolean:
            case Kind::number:
                out += text_;
                break;
            case Kind::string:
                quote(out, text_);
                break;
            case Kind::array:
                out.push_back('[');
                for (const auto& item : items_) {
                    if (&item != &items_.front()) out.push_back(',');
                    item.write(out);
                }
                out.push_back(']');
                break;
            case Kind::object:
                out.push_back('{');
                for (const auto& member : members_) {
                    if (&member != &members_.front()) out.push_back(',');
                    quote(out, member.first);
                    out.push_back(':');
                    member.second.write(out);
                }
                out.push_back('}');
                break;
        }
    }

    Kind kind_ = Kind::null;
    std::string text_;
    std::vector<Json> items_;
    std::vector<Member> members_;
};

struct JsonLimits {
    std::size_t bytes = 1 << 20;
    std::size_t depth = 32;
    std::size_t nodes = 100'000;
};

// Reads one JSON text (UTF-8, nothing after it). Refused, with the offset: what is not JSON, duplicate keys, numbers of
// more than Decimal::max_text characters, and whatever exceeds the limits. Defined in stipend/json_parse.hpp.
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

}  // namespace stipend
