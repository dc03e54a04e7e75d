#include "host/config/dump.hpp"

#include <algorithm>
#include <array>

#include "host/config/expand.hpp"
#include "host/config/reader.hpp"

namespace stipend::config {
namespace {

constexpr std::string_view hidden = "<secret>";

bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// True where a string needs no quotes under any YAML version: a letter first, nothing but word characters, and no word
// that some reader takes for a boolean, a null or a number.
bool safe_without_quotes(std::string_view text) {
    static constexpr std::array<std::string_view, 11> words{"true", "false", "yes", "no",  "on", "off",
                                                            "null", "y",     "n",   "nan", "inf"};
    if (text.empty() || !letter(text.front()) || text.size() > 200) return false;
    std::string lower;
    for (const char c : text) {
        const bool word = letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/';
        if (!word) return false;
        lower.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
    }
    return std::find(words.begin(), words.end(), lower) == words.end();
}

std::string quoted_text(std::string_view text) {
    std::string out;
    Json::quote(out, text);
    return out;
}

std::string inline_text(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "null";
        case Node::Kind::sequence:
            return "[]";
        case Node::Kind::mapping:
            return "{}";
        case Node::Kind::scalar:
            break;
    }
    if (node.secret) return quoted_text(hidden);
    if (json_kind(node) != Json::Kind::string) return node.text;
    const auto text = escape_dollars(node.text);
    return safe_without_quotes(text) ? text : quoted_text(text);
}

void write_block(const Node& node, std::size_t indent, std::string& out) {
    const std::string pad(indent, ' ');
    for (const auto& child : node.children) {
        const bool member = node.is(Node::Kind::mapping);
        out += pad;
        if (member) out += (safe_without_quotes(child.key) ? child.key : quoted_text(child.key)) + ":";
        if (!member) out += "-";
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

void hide(Node& node, const Path& path, const std::set<std::string>& secret_paths) {
    std::size_t index = 0;
    for (auto& child : node.children) {
        hide(child, node.is(Node::Kind::mapping) ? path.key(child.key) : path.item(index++), secret_paths);
    }
    node.secret = node.secret || (node.is(Node::Kind::scalar) && secret_paths.contains(path.text()));
}

Node tree_of(const Settings& settings) {
    Node root = write_section(settings_section(settings.role), &settings);
    if (!settings.secret_paths.empty()) hide(root, Path(), settings.secret_paths);
    return root;
}

Json shown_json(const Node& node) {
    if (node.secret) return Json::of_string(hidden);
    if (node.is(Node::Kind::mapping)) {
        Json out = Json::object();
        for (const auto& child : node.children) out.append(child.key, shown_json(child));
        return out;
    }
    if (node.is(Node::Kind::sequence)) {
        Json out = Json::array();
        for (const auto& child : node.children) out.push(shown_json(child));
        return out;
    }
    return to_json(node);
}

}  // namespace

std::string to_yaml(const Node& root) {
    if (root.children.empty()) return inline_text(root) + "\n";
    std::string out;
    write_block(root, 0, out);
    return out;
}

std::string dump_yaml(const Settings& settings) {
    return to_yaml(tree_of(settings));
}

Json dump_json(const Settings& settings) {
    return shown_json(tree_of(settings));
}

}  // namespace stipend::config
