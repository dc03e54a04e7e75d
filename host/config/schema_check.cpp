#include <algorithm>
#include <set>

#include "host/config/format.hpp"
#include "host/config/schema.hpp"
#include "host/config/schema_rules.hpp"

namespace stipend::config {
namespace {

std::uint8_t types_of(const Node& node) {
    switch (json_kind(node)) {
        case Json::Kind::null:
            return type_null;
        case Json::Kind::boolean:
            return type_boolean;
        case Json::Kind::number:
            return Decimal::parse(node.text)->has_at_most(0) ? type_number | type_integer : type_number;
        case Json::Kind::string:
            return type_string;
        case Json::Kind::array:
            return type_array;
        case Json::Kind::object:
            return type_object;
    }
    return 0;
}

std::string type_list(std::uint8_t types) {
    static constexpr std::pair<TypeBit, std::string_view> names[] = {
        {type_null, "nothing"},    {type_boolean, "true or false"}, {type_integer, "a whole number"},
        {type_number, "a number"}, {type_string, "a text"},         {type_array, "a list"},
        {type_object, "a mapping"}};
    std::string out;
    for (const auto& [bit, name] : names) {
        if ((types & bit) != 0) out += cat(out.empty() ? "" : " or ", name);
    }
    return out;
}

// Quotes only around what is a text, so that 5 and "5" differ in a message.
std::string shown(const Node& node) {
    const auto kind = json_kind(node);
    const bool bare = node.is(Node::Kind::scalar) && kind != Json::Kind::string && node.text.size() <= 80;
    return bare ? node.text : node.shown();
}

class Checker {
  public:
    explicit Checker(const SchemaRules& rules) : rules_(rules) {}

    void run(const Node& root, const Path& path) {
        apply(0, root, path);
        if (steps_ > Schema::max_steps) out.push_back({&root, false, path.text(), "too large to be checked"});
    }

    std::vector<Violation> out;

  private:
    void report(const Node& node, const Path& path, std::string message, bool at_key = false) {
        if (out.size() < Schema::max_violations) out.push_back({&node, at_key, path.text(), std::move(message)});
    }
    void report_got(const Node& node, const Path& path, std::string_view want) {
        report(node, path, cat("got ", shown(node), ", want ", want));
    }

    void apply(RuleId id, const Node& node, const Path& path) {
        if (++steps_ > Schema::max_steps || out.size() >= Schema::max_violations || node.refused) return;
        const auto& rule = rules_.rules[id];
        if (rule.never) return report_got(node, path, "nothing here");
        if (rule.format != nullptr) return check_format(rule, node, path);
        const auto types = types_of(node);
        if (rule.types != 0 && (rule.types & types) == 0) {
            if (rule.noun.empty()) return report_got(node, path, type_list(rule.types));
            const std::string_view more = rule.properties.empty() ? "" : ": a mapping";
            return report(node, path, cat("got ", node.shown(), ", want ", rule.noun, more));
        }
        if (rule.reference) apply(*rule.reference, node, path);
        check_allowed(rule, node, path);
        if (!rule.any_of.empty()) check_branches(rule.any_of, node, path, false);
        if (!rule.one_of.empty()) check_branches(rule.one_of, node, path, true);
        if ((types & type_number) != 0) check_number(rule, node, path);
        if (types == type_string) check_string(rule, node, path);
        if (types == type_array) check_array(rule, node, path);
        if (types == type_object) check_object(rule, node, path);
    }

    void check_format(const Rule& rule, const Node& node, const Path& path) {
        if (fits_format(rule, node)) return;
        const auto origin = node.by_default ? cat(" (the default here is ", rule.fallback, ")") : std::string();
        report(node, path, got_and_wanted(rule, node) + origin);
    }

    void check_allowed(const Rule& rule, const Node& node, const Path& path) {
        if (rule.allowed.empty()) return;
        const auto canonical = canonical_text(node);
        std::string list;
        std::vector<std::string_view> words;
        for (const auto& allowed : rule.allowed) {
            if (allowed.canonical == canonical) return;
            list += cat(list.empty() ? "" : ", ", allowed.shown);
            const std::string_view quoted = allowed.shown;
            if (quoted.starts_with('"')) words.push_back(quoted.substr(1, quoted.size() - 2));
        }
        const bool text = node.is(Node::Kind::scalar) && !node.secret;
        report_got(node, path,
                   cat(rule.allowed.size() == 1 ? "" : "one of ", list, text ? did_you_mean(node.text, words) : ""));
    }

    void check_number(const Rule& rule, const Node& node, const Path& path) {
        const auto number = *Decimal::parse(node.text);
        if (rule.minimum && number.compare(*rule.minimum) < 0) {
            report_got(node, path, "at least " + rule.minimum->text());
        }
        if (rule.maximum && number.compare(*rule.maximum) > 0) {
            report_got(node, path, "at most " + rule.maximum->text());
        }
        if (rule.exclusive_minimum && number.compare(*rule.exclusive_minimum) <= 0) {
            report_got(node, path, "more than " + rule.exclusive_minimum->text());
        }
        if (rule.exclusive_maximum && number.compare(*rule.exclusive_maximum) >= 0) {
            report_got(node, path, "less than " + rule.exclusive_maximum->text());
        }
    }

    void check_string(const Rule& rule, const Node& node, const Path& path) {
        const auto length = static_cast<std::int64_t>(characters(node.text));
        if (rule.min_length && length < *rule.min_length) {
            report_got(node, path, cat("at least ", *rule.min_length, " characters"));
        }
        if (rule.max_length && length > *rule.max_length) {
            report_got(node, path, cat("at most ", *rule.max_length, " characters"));
        }
        if (rule.pattern && !rule.pattern->matches(node.text)) {
            report_got(node, path, "a text that matches " + rule.pattern->text());
        }
    }

    void check_array(const Rule& rule, const Node& node, const Path& path) {
        const auto size = static_cast<std::int64_t>(node.children.size());
        if (rule.min_items && size < *rule.min_items) {
            report(node, path, cat("got ", size, " items, want at least ", *rule.min_items));
        }
        if (rule.max_items && size > *rule.max_items) {
            report(node, path, cat("got ", size, " items, want at most ", *rule.max_items));
        }
        std::set<std::string> seen;
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            const auto& item = node.children[i];
            const auto below = path.item(i);
            if (rule.unique_items && !seen.insert(canonical_text(item)).second) {
                report(item, below, cat("got ", shown(item), " again, want each item once"));
            }
            if (rule.items) apply(*rule.items, item, below);
        }
    }

    void check_object(const Rule& rule, const Node& node, const Path& path) {
        const auto size = static_cast<std::int64_t>(node.children.size());
        if (rule.min_properties && size < *rule.min_properties) {
            report(node, path, cat("got ", size, " keys, want at least ", *rule.min_properties));
        }
        if (rule.max_properties && size > *rule.max_properties) {
            report(node, path, cat("got ", size, " keys, want at most ", *rule.max_properties));
        }
        for (const auto& member : node.children) check_member(rule, member, path);
        for (const auto& key : rule.required) {
            if (node.find(key) != nullptr) continue;
            report(node, path,
                   cat("the key ", scalar_node(key, true).shown(), " is missing",
                       rule.noun.empty() ? "" : cat(": ", rule.noun, " needs it")));
        }
    }

    void check_member(const Rule& rule, const Node& member, const Path& path) {
        const auto below = path.key(member.key);
        bool known = false;
        for (const auto& [name, id] : rule.properties) {
            if (name != member.key) continue;
            known = true;
            apply(id, member, below);
        }
        for (const auto& [pattern, id] : rule.pattern_properties) {
            if (!pattern.matches(member.key)) continue;
            known = true;
            apply(id, member, below);
        }
        if (rule.property_names) check_name(*rule.property_names, member, below);
        if (known || !rule.additional) return;
        if (!rules_.rules[*rule.additional].never) return apply(*rule.additional, member, below);
        std::vector<std::string_view> names;
        for (const auto& property : rule.properties) names.push_back(property.first);
        report(member, path, unknown_key(member.key, names), true);
    }

    void check_name(RuleId id, const Node& member, const Path& path) {
        const Node name = scalar_node(member.key, true);
        Checker inner(rules_);
        inner.apply(id, name, path);
        for (auto& violation : inner.out) report(member, path, "this key: " + violation.message, true);
        steps_ += inner.steps_;
    }

    // Where no branch fits, the violations of the nearest are reported: of the branch that takes this kind of value and
    // has the fewest.
    void check_branches(const std::vector<RuleId>& branches, const Node& node, const Path& path, bool exactly) {
        std::size_t fitting = 0;
        std::vector<std::vector<Violation>> found;
        for (const auto id : branches) {
            Checker inner(rules_);
            inner.steps_ = steps_;
            inner.apply(id, node, path);
            steps_ = inner.steps_;
            if (inner.out.empty()) ++fitting;
            found.push_back(std::move(inner.out));
        }
        if (fitting == 1 || (fitting > 1 && !exactly)) return;
        if (fitting > 1)
            return report_got(node, path, cat("exactly one of ", branches.size(), " forms; it has ", fitting));
        const std::vector<Violation>* meant = nullptr;
        bool several = false;
        for (const auto& violations : found) {
            const bool below = std::none_of(violations.begin(), violations.end(), [&](const Violation& violation) {
                return violation.node == &node && !violation.at_key;
            });
            if (!below) continue;
            several = meant != nullptr && meant->size() == violations.size();
            if (meant == nullptr || violations.size() < meant->size()) meant = &violations;
        }
        if (meant != nullptr && !several) {
            out.insert(out.end(), meant->begin(), meant->end());
            return;
        }
        report_got(node, path, describe(branches));
    }

    [[nodiscard]] std::string describe(const std::vector<RuleId>& branches) const {
        std::string out_text;
        for (const auto id : branches) {
            const Rule* rule = &rules_.rules[id];
            while (rule->title.empty() && rule->types == 0 && rule->reference) rule = &rules_.rules[*rule->reference];
            std::string one = rule->title;
            if (one.empty() && rule->allowed.size() == 1) one = rule->allowed.front().shown;
            if (one.empty() && rule->types != 0) one = type_list(rule->types);
            if (one.empty()) one = "another form";
            if (rule->pattern && rule->title.empty()) one += " that matches " + rule->pattern->text();
            out_text += cat(out_text.empty() ? "" : ", or ", one);
        }
        return out_text;
    }

    const SchemaRules& rules_;
    std::size_t steps_ = 0;
};

}  // namespace

std::string canonical_text(const Node& node) {
    switch (json_kind(node)) {
        case Json::Kind::number:
            return Decimal::parse(node.text)->text();
        case Json::Kind::array: {
            std::string out = "[";
            for (const auto& item : node.children) out += canonical_text(item) + ",";
            return out + "]";
        }
        case Json::Kind::object: {
            std::vector<std::string> members;
            for (const auto& member : node.children) {
                members.push_back(cat(Json(member.key).dump(), ":", canonical_text(member)));
            }
            std::sort(members.begin(), members.end());
            std::string out = "{";
            for (const auto& member : members) out += member + ",";
            return out + "}";
        }
        default:
            return to_json(node).dump();
    }
}

std::vector<Violation> Schema::check(const Node& value, const Path& path) const {
    Checker checker(*rules_);
    checker.run(value, path);
    return std::move(checker.out);
}

void Schema::check(const Node& value, const Path& path, SourcePos fallback, Diagnostics& diagnostics) const {
    for (auto& violation : check(value, path)) {
        const auto pos = violation.at_key ? violation.node->key_mark : violation.node->pos;
        diagnostics.add(pos.line > 0 ? pos : fallback, std::move(violation.path), std::move(violation.message));
    }
}

void check_plugin_config(const Schema& schema, const Tree& config, SourcePos fallback, std::string_view path,
                         Diagnostics& diagnostics) {
    Node empty;
    empty.kind = Node::Kind::mapping;
    if (config != nullptr) empty.pos = config->pos;
    const bool none = config == nullptr || config->is(Node::Kind::null);
    schema.check(none ? empty : *config, Path().key(path), fallback, diagnostics);
}

}  // namespace stipend::config
