#include "tests/devnet/gojson.hpp"

#include <algorithm>
#include <charconv>

namespace stipend::devnet {
namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_folded(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// A character as Go quotes it in its messages.
std::string quoted(char c) {
    if (c == '\'') return R"('\'')";
    if (c == '"') return R"('"')";
    if (c == '\\') return R"('\\')";
    if (c == '\n') return R"('\n')";
    if (c == '\r') return R"('\r')";
    if (c == '\t') return R"('\t')";
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) return std::string("'") + c + "'";
    static constexpr std::string_view hex = "0123456789abcdef";
    // Go quotes the byte as a Latin-1 character: printable ones appear as themselves.
    if (byte >= 0xa1 && byte != 0xad) {
        return std::string("'") + static_cast<char>(0xc0 | (byte >> 6)) + static_cast<char>(0x80 | (byte & 0x3f)) + "'";
    }
    return byte < 0x80 ? std::string(R"('\x)") + hex[byte >> 4] + hex[byte & 15] + "'"
                       : std::string(R"('\u00)") + hex[byte >> 4] + hex[byte & 15] + "'";
}

void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
        out.push_back(static_cast<char>(0xc0 | (code >> 6)));
        out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        out.push_back(static_cast<char>(0xe0 | (code >> 12)));
        out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
        out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    } else {
        out.push_back(static_cast<char>(0xf0 | (code >> 18)));
        out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3f)));
        out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
        out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    }
}

// Recursive descent; false means that `why` holds Go's message.
class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    bool document(GoValue& out) {
        if (!value(out, 0)) return false;
        space();
        return at_ == text_.size() || bad("after top-level value");
    }
    std::string why;

  private:
    [[nodiscard]] bool more() const { return at_ < text_.size(); }
    void space() {
        while (more() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) ++at_;
    }
    bool bad(std::string_view context) {
        why = more() ? cat("invalid character ", quoted(text_[at_]), " ", context) : "unexpected end of JSON input";
        return false;
    }

    bool value(GoValue& out, std::size_t depth) {
        space();
        if (!more()) return bad("");
        switch (text_[at_]) {
            case '{':
                return object(out, depth + 1);
            case '[':
                return array(out, depth + 1);
            case '"':
                out.kind = GoValue::Kind::string;
                return string(out.text);
            case 't':
                out.kind = GoValue::Kind::boolean;
                return literal(out, "true");
            case 'f':
                out.kind = GoValue::Kind::boolean;
                return literal(out, "false");
            case 'n':
                return literal(out, "null");
            default:
                return number(out);
        }
    }

    bool too_deep(std::size_t depth) {
        if (depth > max_go_depth) why = "exceeded max depth";
        return depth > max_go_depth;
    }

    bool object(GoValue& out, std::size_t depth) {
        if (too_deep(depth)) return false;
        out.kind = GoValue::Kind::object;
        ++at_;
        space();
        if (more() && text_[at_] == '}') return ++at_, true;
        for (;;) {
            space();
            if (!more() || text_[at_] != '"') return bad("looking for beginning of object key string");
            auto& member = out.members.emplace_back(std::string(), GoValue());
            if (!string(member.first)) return false;
            space();
            if (!more() || text_[at_] != ':') return bad("after object key");
            ++at_;
            if (!value(member.second, depth)) return false;
            space();
            if (more() && text_[at_] == '}') return ++at_, true;
            if (!more() || text_[at_] != ',') return bad("after object key:value pair");
            ++at_;
        }
    }

    bool array(GoValue& out, std::size_t depth) {
        if (too_deep(depth)) return false;
        out.kind = GoValue::Kind::array;
        ++at_;
        space();
        if (more() && text_[at_] == ']') return ++at_, true;
        for (;;) {
            if (!value(out.items.emplace_back(), depth)) return false;
            space();
            if (more() && text_[at_] == ']') return ++at_, true;
            if (!more() || text_[at_] != ',') return bad("after array element");
            ++at_;
        }
    }

    bool literal(GoValue& out, std::string_view word) {
        const auto begin = at_;
        for (std::size_t i = 1; i < word.size(); ++i) {
            ++at_;
            if (!more() || text_[at_] != word[i]) {
                return bad(cat("in literal ", word, " (expecting ", quoted(word[i]), ")"));
            }
        }
        ++at_;
        out.text = text_.substr(begin, at_ - begin);
        return true;
    }

    bool number(GoValue& out) {
        const auto begin = at_;
        const bool minus = text_[at_] == '-';
        if (minus) ++at_;
        if (!more() || !digit(text_[at_])) return bad(minus ? "in numeric literal" : "looking for beginning of value");
        if (text_[at_] == '0') {
            ++at_;
        } else {
            while (more() && digit(text_[at_])) ++at_;
        }
        if (more() && text_[at_] == '.') {
            ++at_;
            if (!more() || !digit(text_[at_])) return bad("after decimal point in numeric literal");
            while (more() && digit(text_[at_])) ++at_;
        }
        if (more() && (text_[at_] == 'e' || text_[at_] == 'E')) {
            ++at_;
            if (more() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
            if (!more() || !digit(text_[at_])) return bad("in exponent of numeric literal");
            while (more() && digit(text_[at_])) ++at_;
        }
        out.kind = GoValue::Kind::number;
        out.text = text_.substr(begin, at_ - begin);
        return true;
    }

    bool string(std::string& out) {
        ++at_;
        for (;;) {
            const auto plain = at_;
            while (more() && text_[at_] != '"' && text_[at_] != '\\' &&
                   static_cast<unsigned char>(text_[at_]) >= 0x20) {
                ++at_;
            }
            out.append(text_.substr(plain, at_ - plain));
            if (!more()) return bad("");
            if (text_[at_] == '"') return ++at_, true;
            if (text_[at_] != '\\') return bad("in string literal");
            ++at_;
            if (!escape(out)) return false;
        }
    }

    bool escape(std::string& out) {
        if (!more()) return bad("");
        static constexpr std::string_view from = "\"\\/bfnrt";
        static constexpr std::string_view to = "\"\\/\b\f\n\r\t";
        if (const auto known = from.find(text_[at_]); known != std::string_view::npos) {
            out.push_back(to[known]);
            ++at_;
            return true;
        }
        if (text_[at_] != 'u') return bad("in string escape code");
        ++at_;
        std::uint32_t code = 0;
        if (!hex4(code)) return false;
        const bool high = code >= 0xd800 && code < 0xdc00;
        if (high && text_.substr(at_, 2) == "\\u") {
            const auto back = at_;
            at_ += 2;
            std::uint32_t low = 0;
            if (!hex4(low)) return false;
            if (low >= 0xdc00 && low < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            } else {
                at_ = back;
            }
        }
        append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
        return true;
    }

    bool hex4(std::uint32_t& code) {
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = more() ? lower(text_[at_]) : '\0';
            if (!digit(c) && (c < 'a' || c > 'f')) return bad("in \\u hexadecimal character escape");
            code = code * 16 + static_cast<std::uint32_t>(digit(c) ? c - '0' : c - 'a' + 10);
        }
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

const GoValue* GoValue::field(std::string_view name) const {
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
        if (member->second.kind != Kind::null && same_folded(member->first, name)) return &member->second;
    }
    return nullptr;
}

std::string GoValue::go_kind() const {
    switch (kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return "bool";
        case Kind::number:
            return "number";
        case Kind::string:
            return "string";
        case Kind::array:
            return "array";
        case Kind::object:
            return "object";
    }
    return "value";
}

Result<GoValue> parse_go_json(std::string_view text) {
    Parser parser(text);
    GoValue out;
    if (!parser.document(out)) return Error{.status = STIPEND_E_INVALID, .message = std::move(parser.why)};
    return out;
}

Error go_field_mismatch(const GoValue& got, std::string_view field, std::string_view go_type) {
    // Go names the number itself where a number has the wrong form for the field.
    const auto number = got.kind == GoValue::Kind::number && go_type != "string" ? " " + got.text : std::string();
    return fail(STIPEND_E_INVALID, "json: cannot unmarshal ", got.go_kind(), number, " into Go struct field ", field,
                " of type ", go_type);
}

Error go_value_mismatch(const GoValue& got, std::string_view go_type) {
    return fail(STIPEND_E_INVALID, "json: cannot unmarshal ", got.go_kind(), " into Go value of type ", go_type);
}

void GoFields::string(std::string_view name, std::string& into) {
    const auto* value = from_.field(name);
    if (value == nullptr) return;
    if (value->is_string()) {
        into = value->text;
    } else {
        mismatch(*value, name, "string");
    }
}

void GoFields::integer(std::string_view name, std::string_view go_type, std::int64_t& into) {
    const auto* value = from_.field(name);
    if (value == nullptr) return;
    const auto* end = value->text.data() + value->text.size();
    std::int64_t number = 0;
    const auto read = std::from_chars(value->text.data(), end, number);
    if (value->kind == GoValue::Kind::number && read.ec == std::errc() && read.ptr == end) {
        into = number;
    } else {
        mismatch(*value, name, go_type);
    }
}

void GoFields::boolean(std::string_view name) {
    const auto* value = from_.field(name);
    if (value != nullptr && value->kind != GoValue::Kind::boolean) mismatch(*value, name, "bool");
}

void GoFields::strings(std::string_view name, std::string_view path, std::vector<std::string>& into) {
    const auto* list = from_.field(name);
    if (list == nullptr) return;
    if (list->kind != GoValue::Kind::array) return mismatch(*list, path, "[]string");
    for (const auto& item : list->items) {
        into.push_back(item.is_string() ? item.text : std::string());
        if (!item.is_string() && item.kind != GoValue::Kind::null) mismatch(item, path, "string");
    }
}

void GoFields::mismatch(const GoValue& got, std::string_view name, std::string_view go_type) {
    if (!error_) error_ = go_field_mismatch(got, cat(type_, ".", name), go_type);
}

Result<void> GoFields::finish() {
    if (error_) return std::move(*error_);
    return {};
}

}  // namespace stipend::devnet
