#include "host/config/plugin_config.hpp"

#include <algorithm>

namespace stipend::config {

Tree overlay(const Tree& base, const Tree& over) {
    static const Tree empty = [] {
        Node node;
        node.kind = Node::Kind::mapping;
        return std::make_shared<const Node>(std::move(node));
    }();
    const Tree& under = base == nullptr ? empty : base;
    if (over == nullptr || over->children.empty()) return under;
    auto out = std::make_shared<Node>(*under);
    out->kind = Node::Kind::mapping;
    out->pos = over->pos;
    for (const auto& member : over->children) {
        const auto old = std::find_if(out->children.begin(), out->children.end(),
                                      [&](const Node& node) { return node.key == member.key; });
        if (old == out->children.end()) {
            out->children.push_back(member);
        } else {
            *old = member;
        }
    }
    return out;
}

std::string plugin_json(const Tree& config) {
    return config == nullptr || config->is(Node::Kind::null) ? "{}" : to_json(*config).dump();
}

void report_complaint(const Tree& config, SourcePos fallback, std::string_view path, std::string_view pointer,
                      std::string_view message, Diagnostics& diagnostics) {
    if (config == nullptr) return diagnostics.add(fallback, std::string(path), std::string(message));
    auto found = locate(*config, path, pointer);
    diagnostics.add(found.node->pos.line > 0 ? found.node->pos : fallback, std::move(found.path), std::string(message));
}

}  // namespace stipend::config
