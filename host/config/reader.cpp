#include "host/config/reader.hpp"

#include "host/config/expand.hpp"

namespace stipend::config {
namespace {

using Kind = Node::Kind;
using Shape = Option::Shape;

void report(ReadContext& context, Mark mark, const Path& path, const Option& option, std::string message) {
    if (option.secret) {
        context.problems.add_hidden(mark, path.text(), std::move(message));
    } else {
        context.problems.add(mark, path.text(), std::move(message));
    }
}

void read_scalar(const Option& option, const Node& node, const Path& path, void* object, ReadContext& context) {
    if (node.refused) return;
    Result<Value> value = [&] {
        if (!option.secret || node.secret) return read_value(option.type, node);
        Node hidden = node;
        hidden.secret = true;
        return read_value(option.type, hidden);
    }();
    if (!value) return report(context, node.mark, path, option, std::move(value.error().message));
    if (node.secret) context.secret_paths.insert(path.text());
    option.set(object, *value);
}

// Null stands for an empty list or mapping: it is what remains when all of it is commented out.
bool is_or_null(const Node& node, Kind kind, std::string_view want, const Path& path, ReadContext& context) {
    if (node.is(kind) || node.is(Kind::null)) return true;
    if (!node.refused) context.problems.add(node.mark, path.text(), cat("got ", node.shown(), ", want ", want));
    return false;
}

void read_option(const Option& option, const Node& node, const Path& path, void* object, ReadContext& context) {
    switch (option.shape) {
        case Shape::scalar:
            return read_scalar(option, node, path, object, context);
        case Shape::section:
            return read_section(*option.section, node, path, option.open(object, {}), context);
        case Shape::tree:
            if (!is_or_null(node, Kind::mapping, "a mapping", path, context)) return;
            return option.set_tree(object, std::make_shared<const Node>(node));
        case Shape::scalars:
            if (!is_or_null(node, Kind::sequence, "a list", path, context)) return;
            for (std::size_t i = 0; i < node.children.size(); ++i) {
                read_scalar(option, node.children[i], path.item(i), object, context);
            }
            return;
        case Shape::list:
            if (!is_or_null(node, Kind::sequence, "a list", path, context)) return;
            for (std::size_t i = 0; i < node.children.size(); ++i) {
                read_section(*option.section, node.children[i], path.item(i), option.open(object, {}), context);
            }
            return;
        case Shape::table:
            if (!is_or_null(node, Kind::mapping, "a mapping", path, context)) return;
            for (const auto& child : node.children) {
                read_section(*option.section, child, path.key(child.key), option.open(object, child.key), context);
            }
            return;
    }
}

// A default comes from the same table and may hold an expansion; what the environment puts into it can be wrong.
void read_fallback(const Option& option, Mark mark, const Path& path, void* object, ReadContext& context) {
    if (option.fallback.find('$') == std::string_view::npos) {
        auto value = read_value(option.type, scalar_node(option.fallback, false));
        STIPEND_ASSERT(value.ok());
        return option.set(object, *value);
    }
    const auto where = [&](std::string_view message) {
        context.problems.add(mark, path.text(), cat(message, " (the default here is ", option.fallback, ")"));
    };
    auto expansion = expand_text(option.fallback, context.environment);
    if (!expansion) return where(expansion.error().message);
    Node node = scalar_node(expansion->text, false);
    node.secret = expansion->secret || option.secret;
    context.names_read.merge(expansion->names_read);
    auto value = read_value(option.type, node);
    if (!value) return where(value.error().message);
    if (node.secret) context.secret_paths.insert(path.text());
    option.set(object, *value);
}

void use_defaults(const Section& section, const Node& node, const Path& path, void* object, ReadContext& context) {
    static const Node nothing;
    for (const auto& option : section.options) {
        if (node.find(option.name) != nullptr) continue;
        const Path below = path.key(option.name);
        if (option.required) {
            context.problems.add(node.mark, path.text(),
                                 cat("the key \"", option.name, "\" is missing: ", section.noun, " needs it"));
        } else if (option.shape == Shape::scalar && !option.fallback.empty()) {
            read_fallback(option, node.mark, below, object, context);
        } else if (option.shape == Shape::section) {
            Node empty = nothing;
            empty.mark = node.mark;
            read_section(*option.section, empty, below, option.open(object, {}), context);
        }
    }
}

}  // namespace

const Option* Section::find(std::string_view name) const {
    for (const auto& option : options) {
        if (option.name == name) return &option;
    }
    return nullptr;
}

std::vector<std::string_view> Section::names() const {
    std::vector<std::string_view> out;
    for (const auto& option : options) out.push_back(option.name);
    return out;
}

void read_section(const Section& section, const Node& node, const Path& path, void* object, ReadContext& context) {
    if (section.opened) section.opened(object, node.mark);
    if (!is_or_null(node, Kind::mapping, cat(section.noun, ": a mapping"), path, context)) return;
    for (const auto& child : node.children) {
        if (const auto* option = section.find(child.key)) {
            read_option(*option, child, path.key(child.key), object, context);
        } else {
            context.problems.add(child.key_mark, path.text(), unknown_key(child.key, section.names()));
        }
    }
    use_defaults(section, node, path, object, context);
}

Node write_section(const Section& section, const void* object) {
    Node out;
    out.kind = Kind::mapping;
    const auto add = [](Node& parent, std::string_view key, Node child) {
        child.key = key;
        parent.children.push_back(std::move(child));
    };
    for (const auto& option : section.options) {
        Node list;
        switch (option.shape) {
            case Shape::scalar:
                for (const auto& value : option.get(object)) {
                    Node node = write_value(option.type, value);
                    node.secret = option.secret;
                    add(out, option.name, std::move(node));
                }
                continue;
            case Shape::section:
                for (const auto& [key, item] : option.visit(object)) {
                    add(out, option.name, write_section(*option.section, item));
                }
                continue;
            case Shape::tree:
                if (const auto tree = option.get_tree(object)) add(out, option.name, *tree);
                continue;
            case Shape::scalars:
                list.kind = Kind::sequence;
                for (const auto& value : option.get(object)) add(list, {}, write_value(option.type, value));
                break;
            case Shape::list:
                list.kind = Kind::sequence;
                for (const auto& [key, item] : option.visit(object))
                    add(list, {}, write_section(*option.section, item));
                break;
            case Shape::table:
                list.kind = Kind::mapping;
                for (const auto& [key, item] : option.visit(object))
                    add(list, key, write_section(*option.section, item));
                break;
        }
        if (!list.children.empty()) add(out, option.name, std::move(list));
    }
    return out;
}

}  // namespace stipend::config
