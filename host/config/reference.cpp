#include "host/config/reference.hpp"

#include <algorithm>

#include "host/config/expand.hpp"
#include "host/config/format.hpp"
#include "host/config/schema_rules.hpp"
#include "host/config/settings_schema.hpp"

namespace stipend::config {
namespace {

class NoEnvironment final : public Environment {
  public:
    [[nodiscard]] std::optional<std::string> get(const std::string&) const override { return std::nullopt; }
    [[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t) const override {
        return fail(STIPEND_E_UNAVAILABLE, "no file: ", path);
    }
};

// What a setting is where neither the file nor the environment says anything.
std::string bare_default(const Rule& rule) {
    auto expansion = expand_text(rule.fallback, NoEnvironment());
    STIPEND_ASSERT(expansion.ok());
    return std::move(expansion->text);
}

Json types(std::string_view first) {
    return Json::object().append("type", Json::array().push(first).push("null"));
}

// The rule as an editor knows JSON Schema: without formats, with expansions.
Json published(const SchemaRules& rules, const Rule& rule) {
    Json out;
    if (rule.format != nullptr) {
        Json reference = Json::object().append("$ref", "#/$defs/expansion");
        out = Json::object().append("anyOf", Json::array().push(plain_schema(rule)).push(std::move(reference)));
    } else if (rule.items) {
        out = types("array").append("items", published(rules, rules.rules[*rule.items]));
    } else if (rule.properties.empty()) {
        out = types("object");
        if (rule.additional) out.append("additionalProperties", published(rules, rules.rules[*rule.additional]));
    } else {
        // A mapping of which everything is commented out is a null, and says nothing; unless it had to say something.
        Json required = Json::array();
        for (const auto& key : rule.required) required.push(key);
        out = rule.required.empty() ? types("object") : Json::object().append("type", "object");
        if (!rule.required.empty()) out.append("required", std::move(required));
        Json properties = Json::object();
        for (const auto& [key, id] : rule.properties) properties.append(key, published(rules, rules.rules[id]));
        out.append("properties", std::move(properties));
        out.append("additionalProperties", false);
    }
    if (!rule.description.empty()) out.append("description", rule.description);
    if (!rule.fallback.empty()) {
        const auto text = bare_default(rule);
        out.append("default", to_json(scalar_node(text, text.empty())));
    }
    return out;
}

std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
}

void list_below(const SchemaRules& rules, const Rule& rule, const std::string& path, std::vector<SettingLine>& out);

void list_one(const SchemaRules& rules, const Rule& rule, const std::string& path, bool required,
              std::vector<SettingLine>& out) {
    const Rule* below = &rule;  // the mapping whose keys follow
    std::string kind = "a mapping";
    std::string suffix;
    if (rule.items) {
        below = &rules.rules[*rule.items];
        kind = below->format != nullptr ? "a list, each " + wanted(*below) : "a list of mappings";
        suffix = "[]";
    } else if (rule.properties.empty() && rule.additional) {
        below = &rules.rules[*rule.additional];
        kind = "a mapping of names to mappings";
        suffix = ".<name>";
    } else if (rule.format != nullptr) {
        kind = wanted(rule);
    }
    SettingLine line{path, std::move(kind), "", {}, rule.description, required, !below->properties.empty()};
    if (!line.holds_others) {
        line.fallback = bare_default(rule);
        for (auto& name : variables_of(rule.fallback)) line.variables.emplace_back(std::move(name));
    }
    out.push_back(std::move(line));
    if (out.back().holds_others) list_below(rules, *below, path + suffix, out);
}

void list_below(const SchemaRules& rules, const Rule& rule, const std::string& path, std::vector<SettingLine>& out) {
    for (const auto& [key, id] : rule.properties) {
        const bool required = std::find(rule.required.begin(), rule.required.end(), key) != rule.required.end();
        list_one(rules, rules.rules[id], cat(path, path.empty() ? "" : ".", key), required, out);
    }
}

std::string default_cell(const SettingLine& line) {
    if (line.required) return "required";
    return line.fallback.empty() ? "none" : cat("`", line.fallback, "`");
}

void write_table(Role role, std::string& out) {
    out +=
        "| key | value | default | variable | what it is for |\n"
        "|---|---|---|---|---|\n";
    for (const auto& line : settings_lines(role)) {
        out += cat("| `", line.path, "` | ", cell(line.wanted), " | ");
        if (line.holds_others) {
            out += "| | ";
        } else {
            std::string names;
            for (const auto& name : line.variables) names += cat(names.empty() ? "" : ", ", "`", name, "`");
            out += cat(default_cell(line), " | ", names, " | ");
        }
        out += cat(cell(line.description), " |\n");
    }
}

}  // namespace

Json settings_schema(Role role) {
    Json expansion = Json::object();
    expansion.append("type", "string");
    expansion.append("pattern", "\\$\\{");
    expansion.append("description", "${NAME}, ${NAME:-default}, ${file:/path} or ${cred:name}");
    Json out = Json::object();
    out.append("$schema", "https://json-schema.org/draft/2020-12/schema");
    out.append("title", "stipend configuration");
    const auto& rules = settings_rules(role).rules();
    const auto settings = published(rules, rules.rules.front());
    for (const auto& [key, value] : settings.members()) out.append(key, value);
    return out.append("$defs", Json::object().append("expansion", std::move(expansion)));
}

std::vector<SettingLine> settings_lines(Role role) {
    const auto& rules = settings_rules(role).rules();
    std::vector<SettingLine> out;
    list_below(rules, rules.rules.front(), "", out);
    return out;
}

std::string settings_reference() {
    std::string out =
        "# Configuration\n"
        "\n"
        "<!-- Made by `stipend config reference` from the schema of the host's settings. Change the schema, not this "
        "page. "
        "-->\n"
        "\n"
        "`stipend run -c FILE` reads one YAML file; without `-c`, `config.yaml`. `stipend check -c FILE` reports all "
        "that\n"
        "is wrong with it, each with its line and column. Every key may be left out unless it is marked as required;\n"
        "unknown and duplicate keys are errors. Amounts and durations carry their unit: `10.00 USD`, `60s`, `250ms`, "
        "`1h`.\n"
        "\n"
        "Inside a value, `${NAME}` is an environment variable, `${NAME:-default}` the same with a default for an unset "
        "or\n"
        "empty one, `${file:/path}` a file's text, `${cred:name}` a systemd credential, and `$$` a dollar sign. What "
        "comes\n"
        "from a file or a credential is a secret and is never shown; so is a variable whose name ends in `SECRET`,\n"
        "`PASSWORD`, `TOKEN`, `PASSPHRASE` or `PRIVATE_KEY`. The variables named below feed an option where the file "
        "leaves\n"
        "it out, and where it says what the shipped `config.yaml` says.\n"
        "\n"
        "The secrets that the Python deployment published (`orch-secret`, its administrator's passwords) run with a\n"
        "warning while every listener is on loopback. Beside one that others can reach they are refused.\n";
    out += "\n## A manager\n\nIt pays orchestrators. `role: manager` may be left out.\n\n";
    write_table(Role::manager, out);
    out += "\n## A worker\n\n`role: worker` measures the services beside an orchestrator and answers its jobs.\n\n";
    write_table(Role::worker, out);
    return out;
}

}  // namespace stipend::config
