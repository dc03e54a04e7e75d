#include "host/config/schema.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <span>

#include "host/config/format.hpp"
#include "host/config/schema_rules.hpp"

namespace stipend::config {
namespace {

constexpr std::array<std::pair<std::string_view, TypeBit>, 7> type_names{{{"null", type_null},
                                                                          {"boolean", type_boolean},
                                                                          {"integer", type_integer},
                                                                          {"number", type_number},
                                                                          {"string", type_string},
                                                                          {"array", type_array},
                                                                          {"object", type_object}}};

constexpr std::array<std::string_view, 5> annotations{"examples", "deprecated", "$schema", "$id", "$comment"};
constexpr std::array<std::string_view, 4> of_the_host{"formatMinimum", "formatMaximum", "x-also", "x-noun"};

bool has(std::span<const std::string_view> words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// Turns JSON into rules, depth first. Places are JSON pointers behind a "#".
class Compiler {
  public:
    explicit Compiler(Schema::Author author) : author_(author) {}

    Result<void> run(const Json& schema) {
        STIPEND_LET(root, add(schema, "#"));
        STIPEND_ASSERT(root == 0);
        STIPEND_TRY(resolve());
        STIPEND_TRY(find_endless());
        if (author_ == Schema::Author::host) inline_references();
        return {};
    }

    SchemaRules out;

  private:
    using Handler = Result<void> (Compiler::*)(RuleId, const Json&, const std::string&);

    static const std::map<std::string_view, Handler>& handlers();

    static Error wrong(const std::string& where, const Json& got, std::string_view want) {
        return fail(STIPEND_E_INVALID, where, ": got ", got.kind_name(), ", want ", want);
    }

    Result<RuleId> add(const Json& schema, const std::string& where) {
        if (out.rules.size() >= Schema::max_rules) {
            return fail(STIPEND_E_LIMIT, where, ": more than ", Schema::max_rules, " schemas");
        }
        const RuleId id = out.rules.size();
        out.rules.emplace_back();
        if (schema.is(Json::Kind::boolean)) {
            out.rules[id].never = !schema.truth();
            return id;
        }
        if (!schema.is(Json::Kind::object)) return wrong(where, schema, "a schema: an object, true or false");
        for (const auto& [keyword, value] : schema.members()) {
            if (has(annotations, keyword)) continue;
            const auto handler = handlers().find(keyword);
            if (handler == handlers().end() || (author_ == Schema::Author::plugin && has(of_the_host, keyword))) {
                return fail(STIPEND_E_INVALID, where, ": unknown keyword \"", keyword.substr(0, 80), "\"");
            }
            STIPEND_TRY((this->*handler->second)(id, value, cat(where, "/", keyword)));
        }
        return id;
    }

    // A keyword whose value is one schema.
    template <std::optional<RuleId> Rule::*member>
    Result<void> one(RuleId id, const Json& value, const std::string& where) {
        STIPEND_LET(child, add(value, where));
        out.rules[id].*member = child;
        return {};
    }

    template <std::vector<RuleId> Rule::*member>
    Result<void> several(RuleId id, const Json& value, const std::string& where) {
        if (!value.is(Json::Kind::array) || value.items().empty()) return wrong(where, value, "an array of schemas");
        for (std::size_t i = 0; i < value.items().size(); ++i) {
            STIPEND_LET(child, add(value.items()[i], cat(where, "/", i)));
            (out.rules[id].*member).push_back(child);
        }
        return {};
    }

    template <std::optional<std::int64_t> Rule::*member>
    Result<void> count(RuleId id, const Json& value, const std::string& where) {
        const auto number = value.is(Json::Kind::number) ? Decimal::parse(value.text()) : Result<Decimal>(Error{});
        if (!number || number->negative() || !number->exact_scaled(0)) {
            return wrong(where, value, "a whole number of at least 0");
        }
        out.rules[id].*member = *number->exact_scaled(0);
        return {};
    }

    template <std::optional<Decimal> Rule::*member>
    Result<void> bound(RuleId id, const Json& value, const std::string& where) {
        const auto number = value.is(Json::Kind::number) ? Decimal::parse(value.text()) : Result<Decimal>(Error{});
        if (!number) return wrong(where, value, "a number");
        out.rules[id].*member = *number;
        return {};
    }

    template <std::string Rule::*member>
    Result<void> annotation(RuleId id, const Json& value, const std::string&) {
        if (value.is(Json::Kind::string)) out.rules[id].*member = value.text();
        return {};
    }

    Result<void> format(RuleId id, const Json& value, const std::string&) {
        if (author_ == Schema::Author::host) out.rules[id].format = find_format(value.text());
        return {};
    }
    // Written after `format`, whose notation it has.
    template <std::int64_t Rule::*member>
    Result<void> format_bound(RuleId id, const Json& value, const std::string& where) {
        auto& rule = out.rules[id];
        const bool ranged = rule.format != nullptr && rule.format->number != nullptr;
        const auto number = ranged ? number_of(rule, scalar_node(value.text(), false)) : std::nullopt;
        if (!number) return wrong(where, value, "a value of the format before it");
        rule.*member = *number;
        return {};
    }

    Result<void> type(RuleId id, const Json& value, const std::string& where) {
        const auto take = [&](const Json& name) -> Result<void> {
            for (const auto& [text, bit] : type_names) {
                if (!name.is(Json::Kind::string) || name.text() != text) continue;
                out.rules[id].types = static_cast<std::uint8_t>(out.rules[id].types | bit);
                return {};
            }
            return wrong(where, name, "the name of a type");
        };
        if (!value.is(Json::Kind::array)) return take(value);
        if (value.items().empty()) return wrong(where, value, "at least one type");
        for (const auto& item : value.items()) STIPEND_TRY(take(item));
        return {};
    }

    void allow(RuleId id, const Json& value) {
        out.rules[id].allowed.push_back({canonical_text(from_json(value)), value.dump()});
    }
    Result<void> enumeration(RuleId id, const Json& value, const std::string& where) {
        if (!value.is(Json::Kind::array) || value.items().empty()) return wrong(where, value, "an array of values");
        if (!out.rules[id].allowed.empty()) return fail(STIPEND_E_INVALID, where, ": want either enum or const");
        for (const auto& item : value.items()) allow(id, item);
        return {};
    }
    Result<void> constant(RuleId id, const Json& value, const std::string& where) {
        if (!out.rules[id].allowed.empty()) return fail(STIPEND_E_INVALID, where, ": want either enum or const");
        allow(id, value);
        return {};
    }

    Result<void> reference(RuleId id, const Json& value, const std::string& where) {
        if (!value.is(Json::Kind::string)) return wrong(where, value, "a string");
        out.rules[id].reference_text = value.text();
        return {};
    }
    // A keyword whose value names schemas; `use` gets each name and the schema's id.
    template <class Use>
    Result<void> named(const Json& value, const std::string& where, const Use& use) {
        if (!value.is(Json::Kind::object)) return wrong(where, value, "an object of schemas");
        for (const auto& [name, schema] : value.members()) {
            STIPEND_LET(child, add(schema, cat(where, "/", name)));
            STIPEND_TRY(use(name, child));
        }
        return {};
    }
    Result<void> definitions(RuleId id, const Json& value, const std::string& where) {
        if (id != 0) return fail(STIPEND_E_INVALID, where, ": want $defs at the root only");
        return named(value, where, [&](const std::string& name, RuleId child) -> Result<void> {
            definitions_.emplace("#/$defs/" + name, child);
            return {};
        });
    }
    Result<void> properties(RuleId id, const Json& value, const std::string& where) {
        return named(value, where, [&](const std::string& name, RuleId child) -> Result<void> {
            out.rules[id].properties.emplace_back(name, child);
            return {};
        });
    }
    Result<void> pattern_properties(RuleId id, const Json& value, const std::string& where) {
        return named(value, where, [&](const std::string& name, RuleId child) -> Result<void> {
            auto pattern = Pattern::compile(name);
            if (!pattern) return std::move(pattern.error()).in(where);
            out.rules[id].pattern_properties.emplace_back(*pattern, child);
            return {};
        });
    }
    Result<void> required(RuleId id, const Json& value, const std::string& where) {
        if (!value.is(Json::Kind::array)) return wrong(where, value, "an array of keys");
        for (const auto& item : value.items()) {
            if (!item.is(Json::Kind::string)) return wrong(where, item, "a key");
            out.rules[id].required.push_back(item.text());
        }
        return {};
    }
    Result<void> unique_items(RuleId id, const Json& value, const std::string& where) {
        if (!value.is(Json::Kind::boolean)) return wrong(where, value, "true or false");
        out.rules[id].unique_items = value.truth();
        return {};
    }
    Result<void> pattern(RuleId id, const Json& value, const std::string& where) {
        if (!value.is(Json::Kind::string)) return wrong(where, value, "a string");
        auto pattern = Pattern::compile(value.text());
        if (!pattern) return std::move(pattern.error()).in(where);
        out.rules[id].pattern = *pattern;
        return {};
    }

    Result<void> resolve() {
        definitions_.emplace("#", 0);
        for (auto& rule : out.rules) {
            if (rule.reference_text.empty()) continue;
            const auto found = definitions_.find(rule.reference_text);
            if (found == definitions_.end()) {
                return fail(STIPEND_E_INVALID, "$ref: got \"", rule.reference_text.substr(0, 80),
                            "\", want \"#\" or \"#/$defs/NAME\" of a schema that is there");
            }
            rule.reference = found->second;
        }
        return {};
    }

    // In the host's own schema, makes each rule what it refers to, apart from its own description and default: readers
    // then meet no references.
    void inline_references() {
        for (auto& rule : out.rules) {
            while (rule.reference) {
                Rule own = std::exchange(rule, out.rules[*rule.reference]);
                if (!own.description.empty()) rule.description = std::move(own.description);
                if (!own.fallback.empty()) rule.fallback = std::move(own.fallback);
            }
        }
    }

    // A schema that applies itself to the same value again would never be done.
    Result<void> find_endless() {
        enum class Seen : std::uint8_t { no, open, done };
        std::vector<Seen> seen(out.rules.size(), Seen::no);
        const std::function<bool(RuleId)> endless = [&](RuleId id) {
            if (seen[id] != Seen::no) return seen[id] == Seen::open;
            seen[id] = Seen::open;
            const auto& rule = out.rules[id];
            bool found = rule.reference && endless(*rule.reference);
            for (const auto* list : {&rule.any_of, &rule.one_of}) {
                found = found || std::any_of(list->begin(), list->end(), endless);
            }
            seen[id] = Seen::done;
            return found;
        };
        for (RuleId id = 0; id < out.rules.size(); ++id) {
            if (endless(id)) return fail(STIPEND_E_INVALID, "$ref: a schema refers to itself without end");
        }
        return {};
    }

    const Schema::Author author_;
    std::map<std::string, RuleId, std::less<>> definitions_;
};

const std::map<std::string_view, Compiler::Handler>& Compiler::handlers() {
    static const std::map<std::string_view, Handler> table{
        {"type", &Compiler::type},
        {"enum", &Compiler::enumeration},
        {"const", &Compiler::constant},
        {"anyOf", &Compiler::several<&Rule::any_of>},
        {"oneOf", &Compiler::several<&Rule::one_of>},
        {"$ref", &Compiler::reference},
        {"$defs", &Compiler::definitions},
        {"properties", &Compiler::properties},
        {"patternProperties", &Compiler::pattern_properties},
        {"additionalProperties", &Compiler::one<&Rule::additional>},
        {"propertyNames", &Compiler::one<&Rule::property_names>},
        {"required", &Compiler::required},
        {"minProperties", &Compiler::count<&Rule::min_properties>},
        {"maxProperties", &Compiler::count<&Rule::max_properties>},
        {"items", &Compiler::one<&Rule::items>},
        {"minItems", &Compiler::count<&Rule::min_items>},
        {"maxItems", &Compiler::count<&Rule::max_items>},
        {"uniqueItems", &Compiler::unique_items},
        {"minimum", &Compiler::bound<&Rule::minimum>},
        {"maximum", &Compiler::bound<&Rule::maximum>},
        {"exclusiveMinimum", &Compiler::bound<&Rule::exclusive_minimum>},
        {"exclusiveMaximum", &Compiler::bound<&Rule::exclusive_maximum>},
        {"minLength", &Compiler::count<&Rule::min_length>},
        {"maxLength", &Compiler::count<&Rule::max_length>},
        {"pattern", &Compiler::pattern},
        {"title", &Compiler::annotation<&Rule::title>},
        {"description", &Compiler::annotation<&Rule::description>},
        {"default", &Compiler::annotation<&Rule::fallback>},
        {"x-also", &Compiler::annotation<&Rule::also>},
        {"x-noun", &Compiler::annotation<&Rule::noun>},
        {"format", &Compiler::format},
        {"formatMinimum", &Compiler::format_bound<&Rule::least>},
        {"formatMaximum", &Compiler::format_bound<&Rule::most>},
    };
    return table;
}

}  // namespace

Result<Schema> Schema::compile(const Json& schema, Author author) {
    Compiler compiler(author);
    if (auto done = compiler.run(schema); !done) return std::move(done.error()).in("schema");
    return Schema(std::make_shared<const SchemaRules>(std::move(compiler.out)));
}

Result<Schema> Schema::parse(std::string_view text, Author author) {
    auto json = parse_json(text);
    if (!json) return std::move(json.error()).in("schema");
    return compile(*json, author);
}

}  // namespace stipend::config
