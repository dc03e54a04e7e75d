// JSON Schema of the configuration; the host validates against it before the plugin parses.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace payment {

// One text of several literals.
template <std::size_t... N>
constexpr std::array<char, (N + ...) - sizeof...(N) + 1> joined(const char (&... parts)[N]) {
    std::array<char, (N + ...) - sizeof...(N) + 1> out{};
    auto at = out.begin();
    ((at = std::copy_n(parts, N - 1, at)), ...);
    return out;
}

// The options of every policy by tiers.
inline constexpr char tier_options[] =
    R"(    "table": {"type": "string", "default": "default", "description": "The tier table in force, by its name: one of `tables`, or default or flat-95, which ship with the plugin."},
    "tables": {
      "type": "object", "description": "Tier tables by name; one named like a shipped table takes its place.",
      "default": {
        "default": [
          {"tier": "excellent", "above": 95,    "multiplier": 1.2},
          {"tier": "good",      "at_least": 80, "multiplier": 1.0},
          {"tier": "warning",   "at_least": 60, "multiplier": 0.7, "delay": "30s"},
          {"tier": "poor",      "at_least": 40, "multiplier": 0.3, "delay": "120s"},
          {"tier": "critical",  "above": 0,     "multiplier": 0.1, "delay": "300s"},
          {"tier": "offline",   "at_least": 0,  "multiplier": 0,   "delay": "600s"}
        ],
        "flat-95": [
          {"tier": "paid",   "above": 95,   "multiplier": 1},
          {"tier": "unpaid", "at_least": 0, "multiplier": 0}
        ]
      },
      "additionalProperties": {
        "type": "array", "minItems": 1, "maxItems": 64,
        "items": {
          "type": "object", "additionalProperties": false, "required": ["tier", "multiplier"],
          "properties": {
            "tier": {"type": "string", "description": "The tier's name: a-z, 0-9, - and _."},
            "above": {"type": "number", "minimum": 0, "maximum": 100, "description": "Lower edge in percent, itself not included."},
            "at_least": {"type": "number", "minimum": 0, "maximum": 100, "description": "Lower edge in percent, included."},
            "below": {"type": "number", "minimum": 0, "maximum": 100, "description": "Upper edge in percent, not included; may be left out."},
            "at_most": {"type": "number", "minimum": 0, "maximum": 100, "description": "Upper edge in percent, included; may be left out."},
            "multiplier": {"type": "number", "minimum": 0, "maximum": 1000, "description": "Factor of the base pay."},
            "delay": {"type": "string", "default": "0s", "description": "Added to the interval before the next check."},
            "counts_as_failure": {"type": "boolean", "default": false, "description": "A check that ends in this tier counts as failed."}
          }
        }
      }
    },
    "punishment_multiplier": {"type": "number", "minimum": 1, "maximum": 100, "default": 2.0, "description": "After n failed checks in a row the next check waits interval x this^n longer; at most three decimals."},
    "max_penalty": {"type": "string", "default": "3600s", "description": "The longest punishment, in whole seconds."},
    "max_consecutive_failures": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 5, "description": "From so many failures in a row on, an orchestrator is suspended."},
    "recovery_checks": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1, "description": "Good checks in a row after which a suspended orchestrator is paid again; the last of them is paid."},
    "min_coverage": {"type": "number", "minimum": 0, "maximum": 100, "default": 0, "description": "Percent of the period that the host's own checks must have seen; below it nothing is decided."},
    "reliability_bonus": {"type": "boolean", "default": false, "description": "Pay x 1.1 after more than 100 checks of which more than 98 % were good."},
    "failure_reduction": {"type": "boolean", "default": false, "description": "Pay x 1 / (1 + 0.2 n) after n failed checks in a row."},
    "allow_falling_pay": {"type": "boolean", "default": false, "description": "Take a table that pays less per minute for more uptime."})";

inline constexpr char schema_begins[] = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Tiered pay with progressive punishment",
  "type": "object",
  "additionalProperties": false,
  "properties": {
)";
inline constexpr char schema_ends[] = R"(
  }
})";

inline constexpr auto whole_schema = joined(schema_begins, tier_options, schema_ends);
inline constexpr const char* config_schema = whole_schema.data();

}  // namespace payment
