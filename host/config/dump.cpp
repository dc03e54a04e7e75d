#include "host/config/dump.hpp"

#include <algorithm>
#include <array>

#include "host/base/printable.hpp"
#include "host/config/expand.hpp"
#include "host/config/path.hpp"
#include "host/config/settings_tree.hpp"
#include "stipend/ascii.hpp"

namespace stipend::config {
namespace {

// True where a string needs no quotes under any YAML version: a letter first, nothing but word characters, and no word
// that some reader takes for a boolean, a null or a number.
bool safe_without_quotes(std::string_view text) {
    static constexpr std::array<std::string_view, 11> words{"true", "false", "yes", "no",  "on", "off",
                                                            "null", "y",     "n",   "nan", "inf"};
    const auto safe = [](char c) { return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '/'; };
    if (text.empty() || !ascii::is_alpha(text.front()) || text.size() > 200) return false;
    return std::all_of(text.begin(), text.end(), safe) &&
           std::find(words.begin(), words.end(), ascii::to_lower(text)) == words.end();
}

std::string text_form(const std::string& text) {
    return safe_without_quotes(text) ? text : printable_quoted(Json(text).dump());
}

// Of what has nothing below it.
std::string inline_text(const Node& node) {
    return json_kind(node) == Json::Kind::string ? text_form(escape_dollars(node.text)) : to_json(node).dump();
}

void write_block(const Node& node, std::size_t indent, std::string& out) {
    const std::string pad(indent, ' ');
    for (const auto& child : node.children) {
        const bool member = node.is(Node::Kind::mapping);
        out += pad;
        out += member ? text_form(child.key) + ":" : "-";
        if (child.children.empty()) {
            out += " " + inline_text(child) + "\n";
        } else if (member) {
            out += "\n";
            write_block(child, indent + 2, out);
        } else {
            std::string block;
            write_block(child, indent + 2, block);
            out += " " + block.substr(indent + 2);
        }
    }
}

Node* member_of(Node* mapping, std::string_view key) {
    if (mapping == nullptr) return nullptr;
    const auto found = std::ranges::find(mapping->children, key, &Node::key);
    return found == mapping->children.end() ? nullptr : &*found;
}

// The tables themselves are among the settings already.
void add_origin(Node& root, const TablesText& tables) {
    Node* policy = member_of(member_of(&root, "payment"), "policy");
    if (policy == nullptr) return;
    policy->children.push_back(scalar_node(tables.name, true));
    policy->children.back().key = "tables_from";
}

Node tree_of(const Settings& settings, const std::optional<TablesText>& tables) {
    Node root = write_settings(settings);
    if (tables) add_origin(root, *tables);
    for_each_value(root, Path(), [&](Node& node, const Path& path) {
        if (!node.secret && !(node.is(Node::Kind::scalar) && settings.secret_paths.contains(path.text()))) return;
        node.text = "<secret>";
        node.secret = true;  // a text, whatever it was
    });
    return root;
}

}  // namespace

std::string to_yaml(const Node& root) {
    if (root.children.empty()) return inline_text(root) + "\n";
    std::string out;
    write_block(root, 0, out);
    return out;
}

std::string dump_yaml(const Settings& settings, const std::optional<TablesText>& tables) {
    return to_yaml(tree_of(settings, tables));
}

Json dump_json(const Settings& settings, const std::optional<TablesText>& tables) {
    return to_json(tree_of(settings, tables));
}

}  // namespace stipend::config
