#include "host/config/tables.hpp"

#include <algorithm>

#include "host/config/yaml.hpp"
#include "stipend/ascii.hpp"
#include "stipend/result.hpp"

namespace stipend::config {
namespace {

using Kind = Node::Kind;

constexpr std::string_view ending = ".yaml";
constexpr std::size_t max_name_bytes = 68;
constexpr YamlLimits tables_limits{
    .bytes = max_tables_bytes, .depth = 16, .nodes = 20'000, .text_bytes = std::size_t{4} * max_tables_bytes};
constexpr const char* tables_option = "payment.policy.config.tables";

// The schema reports a name that is none.
bool names_a_file(std::string_view name) {
    if (!name.ends_with(ending) || name.size() > max_name_bytes || name.size() == ending.size()) return false;
    name.remove_suffix(ending.size());
    return ascii::is_alnum(name.front()) &&
           std::ranges::all_of(name, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; });
}

Node* child_of(Node* mapping, std::string_view key) {
    if (mapping == nullptr || !mapping->is(Kind::mapping)) return nullptr;
    const auto found = std::ranges::find(mapping->children, key, &Node::key);
    return found == mapping->children.end() ? nullptr : &*found;
}

// Moves all places behind those of the first file.
void move_places(Node& node) {
    node.pos.line += Diagnostics::second_file_lines;
    node.key_mark.line += Diagnostics::second_file_lines;
    for (auto& child : node.children) move_places(child);
}

Node& mapping_in(Node& mapping, std::string_view key, SourcePos pos) {
    if (Node* found = child_of(&mapping, key)) {
        if (found->is(Kind::null)) found->kind = Kind::mapping;
        return *found;
    }
    Node node;
    node.kind = Kind::mapping;
    node.key = key;
    node.pos = node.key_mark = pos;
    return mapping.children.emplace_back(std::move(node));
}

void lay_over(Node& under, Node&& over, const Diagnostics& diagnostics, std::vector<std::string>& warnings) {
    for (auto& table : over.children) {
        Node* old = child_of(&under, table.key);
        if (old == nullptr) {
            under.children.push_back(std::move(table));
            continue;
        }
        warnings.push_back(cat(diagnostics.file(), ":", old->key_mark.line, ":", old->key_mark.column, ": ",
                               tables_option, ": the table ", scalar_node(table.key, true).shown(),
                               " is replaced by the one of that name in the file of tables_from"));
        *old = std::move(table);
    }
}

// NULL: there is no such file. Nothing: it cannot be read, which is reported at `at`.
std::optional<SourceText> read_text(const Node& at, const std::string& file, const Environment& environment,
                                    Diagnostics& diagnostics) {
    if (!environment.has_file(file)) return SourceText();
    auto text = environment.read_file(file, max_tables_bytes);
    if (text) return std::make_shared<const std::string>(std::move(*text));
    diagnostics.add(at.pos, "payment.policy.tables_from", text.error().message);
    return std::nullopt;
}

}  // namespace

std::optional<Node> read_tables(const std::string& file, const SourceText& text, Diagnostics& diagnostics) {
    diagnostics.set_second_source(file, text);
    Diagnostics own;
    own.set_source(file, text, 0);
    auto root = text->size() <= max_tables_bytes ? parse_yaml(*text, own, tables_limits) : std::nullopt;
    if (text->size() > max_tables_bytes) {
        own.add({1, 1}, "", cat("got ", text->size(), " bytes, want at most ", max_tables_bytes));
    } else if (root && root->is(Kind::null)) {
        root->kind = Kind::mapping;
    } else if (root && !root->is(Kind::mapping)) {
        own.add(root->pos, "", cat("got ", root->shown(), ", want a mapping of tables by their names"));
    }
    for (const auto& one : own.sorted()) {
        const SourcePos at{std::max(one.pos.line, 1) + Diagnostics::second_file_lines, std::max(one.pos.column, 1)};
        diagnostics.add(at, one.path, one.message);
    }
    if (!own.empty() || !root) return std::nullopt;
    move_places(*root);
    return root;
}

std::optional<TablesText> add_tables(Node& root, const TablesText* known, const Environment& environment,
                                     Diagnostics& diagnostics, std::vector<std::string>& warnings) {
    Node* policy = child_of(child_of(&root, "payment"), "policy");
    const Node* name = child_of(policy, "tables_from");
    const Node* state = child_of(&root, "state");
    if (name == nullptr || state == nullptr || name->refused || state->refused) return std::nullopt;
    if (!name->is(Kind::scalar) || !state->is(Kind::scalar) || !names_a_file(name->text)) return std::nullopt;
    TablesText out{.name = name->text, .file = cat(state->text, "/", name->text), .text = {}};
    if (known != nullptr && known->file == out.file) {
        out.text = known->text;
    } else if (auto text = read_text(*name, out.file, environment, diagnostics)) {
        out.text = std::move(*text);
    }
    if (out.text == nullptr) return out;
    auto tables = read_tables(out.file, out.text, diagnostics);
    if (!tables || tables->children.empty()) return out;
    Node& config = mapping_in(*policy, "config", tables->pos);
    if (!config.is(Kind::mapping)) return out;  // which is reported by the schema
    Node& under = mapping_in(config, "tables", tables->pos);
    if (under.is(Kind::mapping)) lay_over(under, std::move(*tables), diagnostics, warnings);
    return out;
}

}  // namespace stipend::config
