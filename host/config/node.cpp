#include "host/config/node.hpp"

#include <algorithm>
#include <charconv>

#include "host/base/printable.hpp"

namespace stipend::config {
namespace {

constexpr std::size_t shown_bytes = 80;

// One step of a pointer, with ~1 for a slash and ~0 for a tilde.
std::string unescape_step(std::string_view step) {
    std::string out;
    for (std::size_t i = 0; i < step.size(); ++i) {
        if (step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1')) {
            out.push_back(step[++i] == '1' ? '/' : '~');
        } else {
            out.push_back(step[i]);
        }
    }
    return out;
}

const Node* follow_step(const Node& node, const std::string& step) {
    if (node.is(Node::Kind::mapping)) return node.find(step);
    if (!node.is(Node::Kind::sequence)) return nullptr;
    std::size_t index = 0;
    const auto* end = step.data() + step.size();
    const auto [rest, error] = std::from_chars(step.data(), end, index);
    if (error != std::errc{} || rest != end || index >= node.children.size()) return nullptr;
    return &node.children[index];
}

}  // namespace

const Node* Node::find(std::string_view name) const {
    const auto found = std::find_if(children.begin(), children.end(), [&](const Node& n) { return n.key == name; });
    return is(Kind::mapping) && found != children.end() ? &*found : nullptr;
}

std::string Node::shown() const {
    switch (kind) {
        case Kind::null:
            return "nothing";
        case Kind::sequence:
            return "a list";
        case Kind::mapping:
            return "a mapping";
        case Kind::scalar:
            break;
    }
    if (secret) return "<secret>";
    const auto part = clip(text, shown_bytes);
    return printable(Json(part).dump()) + (part.size() < text.size() ? "..." : "");
}

Node scalar_node(std::string_view text, bool quoted) {
    Node node;
    node.kind = Node::Kind::scalar;
    node.quoted = quoted;
    node.text = text;
    return node;
}

Json::Kind json_kind(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return Json::Kind::null;
        case Node::Kind::sequence:
            return Json::Kind::array;
        case Node::Kind::mapping:
            return Json::Kind::object;
        case Node::Kind::scalar:
            break;
    }
    if (node.quoted || node.secret) return Json::Kind::string;
    if (node.text == "true" || node.text == "false") return Json::Kind::boolean;
    if (node.text == "null" || node.text == "~") return Json::Kind::null;
    return Decimal::parse(node.text).ok() ? Json::Kind::number : Json::Kind::string;
}

Json to_json(const Node& node) {
    switch (json_kind(node)) {
        case Json::Kind::null:
            return {};
        case Json::Kind::boolean:
            return Json(node.text == "true");
        case Json::Kind::number:
            return Json::of_number(node.text);
        case Json::Kind::string:
            return Json(node.text);
        case Json::Kind::array: {
            Json out = Json::array();
            for (const auto& item : node.children) out.push(to_json(item));
            return out;
        }
        case Json::Kind::object:
            break;
    }
    Json out = Json::object();
    for (const auto& member : node.children) out.append(member.key, to_json(member));
    return out;
}

Node from_json(const Json& json) {
    Node node;
    switch (json.kind()) {
        case Json::Kind::null:
            break;
        case Json::Kind::boolean:
        case Json::Kind::number:
            return scalar_node(json.text(), false);
        case Json::Kind::string:
            return scalar_node(json.text(), true);
        case Json::Kind::array:
            node.kind = Node::Kind::sequence;
            for (const auto& item : json.items()) node.children.push_back(from_json(item));
            break;
        case Json::Kind::object:
            node.kind = Node::Kind::mapping;
            for (const auto& [key, value] : json.members()) {
                node.children.push_back(from_json(value));
                node.children.back().key = key;
            }
            break;
    }
    return node;
}

Located locate(const Node& root, std::string_view path, std::string_view pointer) {
    Located out{&root, std::string(path)};
    while (pointer.starts_with('/')) {
        pointer.remove_prefix(1);
        const auto escaped = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(escaped.size());
        const auto step = unescape_step(escaped);
        const bool in_list = out.node->is(Node::Kind::sequence);
        out.path += in_list ? cat("[", step, "]") : cat(out.path.empty() ? "" : ".", step);
        const Node* next = follow_step(*out.node, step);
        if (next == nullptr) break;
        out.node = next;
    }
    return out;
}

}  // namespace stipend::config
