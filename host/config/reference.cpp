#include "host/config/reference.hpp"

#include "host/config/expand.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {
namespace {

using Shape = Option::Shape;

class NoEnvironment final : public Environment {
  public:
    [[nodiscard]] std::optional<std::string> get(const std::string&) const override { return std::nullopt; }
    [[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t) const override {
        return fail(STIPEND_E_UNAVAILABLE, "no file: ", path);
    }
};

// What an option is where neither the file nor the environment says anything.
std::string bare_default(const Option& option) {
    auto expansion = expand_text(option.fallback, NoEnvironment());
    STIPEND_ASSERT(expansion.ok());
    return std::move(expansion->text);
}

Json types(std::string_view first) {
    Json both = Json::array();
    both.push(Json::of_string(first)).push(Json::of_string("null"));
    Json out = Json::object();
    out.append("type", std::move(both));
    return out;
}

Json scalar_schema(const Type& type) {
    Json reference = Json::object();
    reference.append("$ref", Json::of_string("#/$defs/expansion"));
    Json either = Json::array();
    either.push(schema_of(type)).push(std::move(reference));
    Json out = Json::object();
    out.append("anyOf", std::move(either));
    return out;
}

Json section_schema(const Section& section);

Json option_schema(const Option& option) {
    Json out;
    switch (option.shape) {
        case Shape::scalar:
            out = scalar_schema(option.type);
            break;
        case Shape::scalars:
            out = types("array");
            out.append("items", scalar_schema(option.type));
            break;
        case Shape::section:
            out = section_schema(*option.section);
            break;
        case Shape::list:
            out = types("array");
            out.append("items", section_schema(*option.section));
            break;
        case Shape::table:
            out = types("object");
            out.append("additionalProperties", section_schema(*option.section));
            break;
        case Shape::tree:
            out = types("object");
            break;
    }
    out.append("description", Json::of_string(option.doc));
    if (!option.fallback.empty()) {
        auto node = scalar_node(bare_default(option), false);
        out.append("default", to_json(node.text.empty() ? scalar_node("", true) : node));
    }
    return out;
}

Json section_schema(const Section& section) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const auto& option : section.options) {
        properties.append(std::string(option.name), option_schema(option));
        if (option.required) required.push(Json::of_string(option.name));
    }
    // A mapping of which everything is commented out is a null, and says nothing; unless it had to say something.
    Json out = required.items().empty() ? types("object") : Json::object();
    if (!required.items().empty()) {
        out.append("type", Json::of_string("object"));
        out.append("required", std::move(required));
    }
    out.append("properties", std::move(properties));
    out.append("additionalProperties", Json::of_bool(false));
    return out;
}

std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
    return out;
}

std::string type_cell(const Option& option) {
    switch (option.shape) {
        case Shape::scalar:
            return wanted(option.type);
        case Shape::scalars:
            return "a list, each " + wanted(option.type);
        case Shape::tree:
            return "a mapping";
        default:
            return {};
    }
}

void write_rows(const Section& section, const std::string& path, std::string& out) {
    for (const auto& option : section.options) {
        const auto here = cat(path, path.empty() ? "" : ".", option.name);
        if (option.section != nullptr) {
            const auto suffix = option.shape == Shape::list ? "[]" : option.shape == Shape::table ? ".<name>" : "";
            const auto kind = option.shape == Shape::list    ? "a list of mappings"
                              : option.shape == Shape::table ? "a mapping of names to mappings"
                                                             : "a mapping";
            out += cat("| `", here, "` | ", kind, " | | | ", cell(option.doc), " |\n");
            write_rows(*option.section, here + suffix, out);
            continue;
        }
        std::string fallback;
        std::string names;
        if (!option.fallback.empty()) fallback = cat("`", bare_default(option), "`");
        if (fallback == "``" || (fallback.empty() && !option.required)) fallback = "none";
        if (option.required) fallback = "required";
        for (const auto& name : variables_of(option.fallback)) names += cat(names.empty() ? "" : ", ", "`", name, "`");
        out += cat("| `", here, "` | ", cell(type_cell(option)), " | ", fallback, " | ", names, " | ", cell(option.doc),
                   option.secret ? " Secret." : "", " |\n");
    }
}

}  // namespace

Json settings_schema(Role role) {
    Json expansion = Json::object();
    expansion.append("type", Json::of_string("string"));
    expansion.append("pattern", Json::of_string("\\$\\{"));
    expansion.append("description", Json::of_string("${NAME}, ${NAME:-default}, ${file:/path} or ${cred:name}"));
    Json definitions = Json::object();
    definitions.append("expansion", std::move(expansion));
    Json out = Json::object();
    out.append("$schema", Json::of_string("https://json-schema.org/draft/2020-12/schema"));
    out.append("title", Json::of_string("stipend configuration"));
    const auto settings = section_schema(settings_section(role));
    for (const auto& [key, value] : settings.members()) out.append(key, value);
    out.append("$defs", std::move(definitions));
    return out;
}

std::string settings_reference() {
    std::string out =
        "# Configuration\n"
        "\n"
        "<!-- Made by `stipend config reference` from the host's table of options. Change the table, not this page. "
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
    const char* head =
        "| key | value | default | variable | what it is for |\n"
        "|---|---|---|---|---|\n";
    out += cat("\n## A manager\n\nIt pays orchestrators. `role: manager` may be left out.\n\n", head);
    write_rows(settings_section(Role::manager), "", out);
    out += cat("\n## A worker\n\n`role: worker` measures the services beside an orchestrator and answers its jobs.\n\n",
               head);
    write_rows(settings_section(Role::worker), "", out);
    return out;
}

}  // namespace stipend::config
