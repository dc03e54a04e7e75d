// The types that an option may have: how each is written, checked, described and written back. All pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/config/node.hpp"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::config {

// As it is kept: a duration in ns, USD in 1e-8, a factor in parts per million, a choice by its index.
using Value = std::variant<bool, std::int64_t, std::string>;

struct Type {
    enum class Kind : std::uint8_t {
        text,
        boolean,
        integer,
        factor,
        duration,
        usd,
        choice,
        listen,
        url,
        origin,
        hex,
        id
    };

    Kind kind = Kind::text;
    std::int64_t min = 0;  // in the unit that is kept; the length of a text in bytes, of a hex in digits
    std::int64_t max = 0;
    std::int64_t step = 1;                       // the value is a multiple of it
    std::vector<std::string_view> choices = {};  // compared without regard to case
    std::string_view prefix = {};                // of a hex: "0x"
    std::string_view noun = "a text";            // of a text or hex, in messages
};

[[nodiscard]] Type text_type(std::int64_t min_bytes = 0, std::int64_t max_bytes = 4096);
[[nodiscard]] Type path_type();
[[nodiscard]] Type optional_path_type();  // may be empty
[[nodiscard]] Type boolean_type();
[[nodiscard]] Type integer_type(std::int64_t min, std::int64_t max);
[[nodiscard]] Type factor_type(std::int64_t min_ppm, std::int64_t max_ppm);
[[nodiscard]] Type duration_type(std::int64_t min_ns, std::int64_t max_ns, std::int64_t step_ns = 1);
[[nodiscard]] Type usd_type(std::int64_t min_e8, std::int64_t max_e8);
[[nodiscard]] Type choice_type(std::vector<std::string_view> choices);
[[nodiscard]] Type listen_type();  // host:port
[[nodiscard]] Type url_type();     // http or https, with any path
[[nodiscard]] Type origin_type();  // http(s)://host:port and nothing after it; kept without a slash at its end
[[nodiscard]] Type hex_type(std::string_view noun, std::string_view prefix, std::int64_t digits);
[[nodiscard]] Type id_type();  // 1..128 printable ASCII characters without blanks and quotes

// Reads a value. The error's message is "got X, want Y"; a secret is not shown in it.
[[nodiscard]] Result<Value> read_value(const Type& type, const Node& node);
// The inverse: what `read_value` reads as the same value.
[[nodiscard]] Node write_value(const Type& type, const Value& value);
// "a duration from 1s to 1d, such as 60s": for messages and the reference.
[[nodiscard]] std::string wanted(const Type& type);
// As JSON Schema, for the value as it stands in a file.
[[nodiscard]] Json schema_of(const Type& type);

// "host:port" of an origin, the port by its scheme where it names none: the default id of an orchestrator.
[[nodiscard]] std::string host_and_port(std::string_view origin);

}  // namespace stipend::config
