// JSON as Go's encoding/json takes it: the devnet must accept, refuse and word refusals as a Go node does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::devnet {

// One value of a parsed text. Strings are decoded, numbers keep their text, duplicate keys are all kept.
struct GoValue {
    enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

    Kind kind = Kind::null;
    std::string text = {};
    std::vector<GoValue> items = {};
    std::vector<std::pair<std::string, GoValue>> members = {};

    [[nodiscard]] bool is_string() const { return kind == Kind::string; }
    // The value that a Go struct field of this name ends up with: keys match without regard to case, the last one that
    // is not null wins. NULL if there is none.
    [[nodiscard]] const GoValue* field(std::string_view name) const;
    // What Go calls the value in "cannot unmarshal ...": "string", "number 1.5", "object".
    [[nodiscard]] std::string go_kind() const;
};

// Nesting beyond this is refused ("exceeded max depth"); Go's own bound is 10,000.
inline constexpr std::size_t max_go_depth = 500;

// The error's message is Go's own text and nothing else.
[[nodiscard]] Result<GoValue> parse_go_json(std::string_view text);

// The text of a type mismatch, for a struct field ("JobRequest.timeout_seconds", "int") ...
[[nodiscard]] Error go_field_mismatch(const GoValue& got, std::string_view field, std::string_view go_type);
// ... and for the whole text ("byoc.JobRequest").
[[nodiscard]] Error go_value_mismatch(const GoValue& got, std::string_view go_type);

// Reads the fields of one Go struct from an object. A field of another type is left alone, and the first such mismatch
// is kept: Go, too, reads on and reports the first.
class GoFields {
  public:
    // `from` and `type` (the struct's name) must outlive the object.
    GoFields(const GoValue& from, std::string_view type) : from_(from), type_(type) {}

    void string(std::string_view name, std::string& into);
    void integer(std::string_view name, std::string_view go_type, std::int64_t& into);
    // Only the type is looked at.
    void boolean(std::string_view name);
    void strings(std::string_view name, std::string_view path, std::vector<std::string>& into);
    void mismatch(const GoValue& got, std::string_view name, std::string_view go_type);
    // The first mismatch, once.
    [[nodiscard]] Result<void> finish();

  private:
    const GoValue& from_;
    std::string_view type_;
    std::optional<Error> error_;
};

}  // namespace stipend::devnet
