#include "host/config/settings_tree.hpp"

#include "host/config/expand.hpp"
#include "host/config/format.hpp"
#include "host/config/schema_rules.hpp"
#include "host/config/settings_fields.hpp"
#include "host/config/settings_schema.hpp"

namespace stipend::config {
namespace {

using Kind = Node::Kind;

class Defaults {
  public:
    Defaults(const SchemaRules& rules, const Environment& environment, std::set<std::string>& names_read,
             Diagnostics& diagnostics)
        : rules_(rules), environment_(environment), names_read_(names_read), problems_(diagnostics) {}

    void add(const Rule& rule, Node& node, const Path& path) {
        if (node.is(Kind::null) && rule.types == type_array) node.kind = Kind::sequence;
        if (node.is(Kind::null) && rule.types == type_object) node.kind = Kind::mapping;
        if (node.is(Kind::sequence) && rule.items) {
            for (std::size_t i = 0; i < node.children.size(); ++i) {
                add(rules_.rules[*rule.items], node.children[i], path.item(i));
            }
        }
        if (!node.is(Kind::mapping)) return;
        for (const auto& [key, id] : rule.properties) {
            if (node.find(key) == nullptr) add_missing(rules_.rules[id], key, node, path.key(key));
        }
        for (auto& child : node.children) {
            const Rule* below = rules_.property(rule, child.key);
            if (below == nullptr && rule.additional) below = &rules_.rules[*rule.additional];
            if (below != nullptr) add(*below, child, path.key(child.key));
        }
    }

  private:
    void add_missing(const Rule& rule, const std::string& key, Node& mapping, const Path& path) {
        const bool section = !rule.properties.empty();
        if (!section && rule.fallback.empty()) return;
        Node node = section ? Node() : scalar_node(rule.fallback, false);
        node.by_default = true;
        node.key = key;
        node.pos = mapping.pos;
        expand_node(node, path, environment_, names_read_, problems_);
        mapping.children.push_back(std::move(node));
    }

    const SchemaRules& rules_;
    const Environment& environment_;
    std::set<std::string>& names_read_;
    Diagnostics& problems_;
};

// One mapping of a tree. Visits the members of a struct and fills them.
class Reader {
  public:
    Reader(const SchemaRules& rules, const Rule& rule, const Node& node) : rules_(rules), rule_(rule), node_(node) {}

    void place(SourcePos& pos) const { pos = node_.pos; }
    // The place of the first of these keys that is there.
    void place_of(std::initializer_list<std::string_view> keys, SourcePos& pos) const {
        pos = node_.pos;
        for (const auto key : keys) {
            if (const Node* node = node_.find(key)) {
                pos = node->pos;
                return;
            }
        }
    }
    template <class T>
    void operator()(std::string_view key, T& member) const {
        find(key, [&](const Rule& rule, const Node& node) { read(rule, node, member); });
    }
    template <class Inner>
    void inside(std::string_view key, const Inner& inner) const {
        find(key, [&](const Rule& rule, const Node& node) {
            const Reader reader(rules_, rule, node);
            inner(reader);
        });
    }

  private:
    template <class Use>
    void find(std::string_view key, const Use& use) const {
        const Rule* rule = rules_.property(rule_, key);
        const Node* node = node_.find(key);
        if (rule != nullptr && node != nullptr && !node->refused) use(*rule, *node);
    }

    template <class T>
    static void set(T& member, std::optional<T> value) {
        if (value) member = std::move(*value);
    }
    static void read(const Rule& rule, const Node& node, std::string& out) { set(out, text_of(rule, node)); }
    static void read(const Rule& rule, const Node& node, std::int64_t& out) { set(out, number_of(rule, node)); }
    static void read(const Rule& rule, const Node& node, Usd& out) {
        if (const auto number = number_of(rule, node)) out = Usd::of_e8(*number);
    }
    static void read(const Rule& rule, const Node& node, Eth& out) {
        if (const auto number = number_of(rule, node)) out = Eth::of_gwei(*number);
    }
    static void read(const Rule& rule, const Node& node, std::optional<Usd>& out) {
        if (const auto number = number_of(rule, node)) out = Usd::of_e8(*number);
    }
    static void read(const Rule&, const Node& node, Tree& out) {
        if (node.is(Kind::mapping) || node.is(Kind::null)) out = std::make_shared<const Node>(node);
    }
    template <class T>
    void read(const Rule& rule, const Node& node, T& out) const {
        if constexpr (std::is_enum_v<T>) {
            if (const auto index = word_of(rule, node)) out = static_cast<T>(*index);
        } else {
            const Reader reader(rules_, rule, node);
            fields(reader, out);
        }
    }
    template <class T>
    void read(const Rule& rule, const Node& node, std::vector<T>& out) const {
        if (!node.is(rule.items ? Kind::sequence : Kind::mapping)) return;
        const Rule& item = rules_.rules[rule.items ? *rule.items : *rule.additional];
        out.reserve(out.size() + node.children.size());  // no more: there may be 100,000 orchestrators
        for (const auto& child : node.children) {
            if constexpr (std::is_same_v<T, std::string>) {
                out.push_back(child.refused ? std::string() : text_of(item, child).value_or(""));
            } else {
                T& one = out.emplace_back();
                if constexpr (std::is_same_v<T, Capability>) one.name = child.key;
                read(item, child, one);
            }
        }
    }

    const SchemaRules& rules_;
    const Rule& rule_;
    const Node& node_;
};

// Makes one mapping. Visits the members of a struct and appends those that have a value.
class Writer {
  public:
    Writer(const SchemaRules& rules, const Rule& rule) : rules_(rules), rule_(rule) { out.kind = Kind::mapping; }

    void place(const SourcePos&) const {}
    void place_of(std::initializer_list<std::string_view>, const SourcePos&) const {}
    template <class T>
    void operator()(std::string_view key, const T& member) {
        if (const Rule* rule = rules_.property(rule_, key)) append(key, write(*rule, member));
    }
    template <class Inner>
    void inside(std::string_view key, const Inner& inner) {
        const Rule* rule = rules_.property(rule_, key);
        if (rule == nullptr) return;
        Writer writer(rules_, *rule);
        inner(writer);
        append(key, std::move(writer.out));
    }

    Node out;

  private:
    void append(std::string_view key, std::optional<Node> node) {
        if (!node) return;
        node->key = key;
        out.children.push_back(std::move(*node));
    }

    // An empty text is left out, unless a default, which a variable may give, would take its place.
    static std::optional<Node> write(const Rule& rule, const std::string& text) {
        return text.empty() && rule.fallback.empty() ? std::nullopt : std::optional(scalar_node(text, true));
    }
    static std::optional<Node> write(const Rule& rule, std::int64_t number) { return number_node(rule, number); }
    static std::optional<Node> write(const Rule& rule, Usd amount) { return number_node(rule, amount.count_e8()); }
    static std::optional<Node> write(const Rule& rule, Eth amount) { return number_node(rule, amount.count_gwei()); }
    static std::optional<Node> write(const Rule& rule, const std::optional<Usd>& amount) {
        return amount ? write(rule, *amount) : std::nullopt;
    }
    static std::optional<Node> write(const Rule&, const Tree& tree) {
        return tree == nullptr ? std::nullopt : std::optional(*tree);
    }
    template <class T>
    std::optional<Node> write(const Rule& rule, const std::vector<T>& items) const {
        if (items.empty()) return std::nullopt;
        Node list;
        list.kind = rule.items ? Kind::sequence : Kind::mapping;
        for (const auto& item : items) {
            list.children.push_back(*write(rules_.rules[rule.items ? *rule.items : *rule.additional], item));
            if constexpr (std::is_same_v<T, Capability>) list.children.back().key = item.name;
        }
        return list;
    }
    template <class T>
    std::optional<Node> write(const Rule& rule, const T& item) const {
        if constexpr (std::is_enum_v<T>) {
            return word_node(rule, static_cast<std::size_t>(item));
        } else {
            Writer writer(rules_, rule);
            fields(writer, item);
            return std::move(writer.out);
        }
    }

    const SchemaRules& rules_;
    const Rule& rule_;
};

}  // namespace

void add_defaults(Node& root, Role role, const Environment& environment, std::set<std::string>& names_read,
                  Diagnostics& diagnostics) {
    const auto& rules = settings_rules(role).rules();
    Defaults(rules, environment, names_read, diagnostics).add(rules.rules.front(), root, Path());
}

void read_settings(const Node& root, Role role, Settings& settings) {
    const auto& rules = settings_rules(role).rules();
    const Reader reader(rules, rules.rules.front(), root);
    fields(reader, settings);
}

Node write_settings(const Settings& settings) {
    const auto& rules = settings_rules(settings.role).rules();
    Writer writer(rules, rules.rules.front());
    fields(writer, settings);
    return std::move(writer.out);
}

}  // namespace stipend::config
