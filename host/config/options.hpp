// One table says everything about an option: its key, type, default, place in a struct, and what it is for. From it
// come the reader, the defaults, the dump, the JSON Schema and the reference, so none of them can disagree.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/config/node.hpp"
#include "host/config/type.hpp"

namespace stipend::config {

// A mapping that a plugin understands and the host does not; NULL for none. Shared, since 100,000 orchestrators may
// stand for as many copies of one settings object.
using Tree = std::shared_ptr<const Node>;

struct Section;

// One key of a mapping. The functions reach into the struct that the option's section describes; `object` points at it.
struct Option {
    enum class Shape : std::uint8_t {
        scalar,   // one value
        scalars,  // a list of values
        section,  // a mapping of options
        list,     // a list of sections
        table,    // a mapping of names to sections
        tree      // a mapping that is kept as it is
    };

    std::string_view name;
    Shape shape = Shape::scalar;
    Type type = {};                  // of scalar and scalars
    std::string_view fallback = {};  // of a scalar: the text that is read, expansions and all, where the key is missing
    std::string_view doc = {};       // one line
    bool required = false;
    bool secret = false;               // never shown, wherever it comes from
    const Section* section = nullptr;  // of section, list and table

    // scalar: takes the value; scalars: takes one more. Moves from `value`.
    std::function<void(void* object, Value& value)> set = {};
    // The values, in order; empty where a scalar was never set.
    std::function<std::vector<Value>(const void* object)> get = {};
    // The struct of a section; a new one, at the end, of a list or (under `key`) a table.
    std::function<void*(void* object, std::string_view key)> open = {};
    // The structs of a section, list or table with their keys (of a table).
    std::function<std::vector<std::pair<std::string_view, const void*>>(const void* object)> visit = {};
    std::function<void(void* object, const Tree& tree)> set_tree = {};
    std::function<Tree(const void* object)> get_tree = {};

    Option as_required() && {
        required = true;
        return std::move(*this);
    }
    Option as_secret() && {
        secret = true;
        return std::move(*this);
    }
};

struct Section {
    std::string_view noun;  // "an orchestrator"
    std::vector<Option> options;
    // Called with the struct and the mapping before its options are read: for structs that keep their place.
    std::function<void(void* object, Mark mark)> opened = {};

    [[nodiscard]] const Option* find(std::string_view name) const;
    [[nodiscard]] std::vector<std::string_view> names() const;
};

namespace detail {

template <class T>
struct Bare {
    using type = T;
};
template <class T>
struct Bare<std::optional<T>> {
    using type = T;
};

// Which alternative of Value a member of type M is kept in; enumerations are kept by their index.
template <class M>
using Kept = std::conditional_t<std::is_enum_v<M>, std::int64_t, M>;

template <class M>
Value to_value(const M& member) {
    return Value(static_cast<Kept<M>>(member));
}

}  // namespace detail

// `T` is the struct of the section, named because a member may belong to a base of it.
template <class T, class M, class Base>
Option scalar(std::string_view name, M Base::*member, Type type, std::string_view fallback, std::string_view doc) {
    using Bare = typename detail::Bare<M>::type;
    Option out{.name = name, .type = std::move(type), .fallback = fallback, .doc = doc};
    out.set = [member](void* object, Value& value) {
        static_cast<T*>(object)->*member = static_cast<Bare>(std::get<detail::Kept<Bare>>(std::move(value)));
    };
    out.get = [member](const void* object) -> std::vector<Value> {
        const M& at = static_cast<const T*>(object)->*member;
        if constexpr (std::is_same_v<M, std::optional<Bare>>) {
            if (!at) return {};
            return {detail::to_value(*at)};
        } else if constexpr (std::is_same_v<M, std::string>) {
            if (at.empty()) return {};
            return {Value(at)};
        } else {
            return {detail::to_value(at)};
        }
    };
    return out;
}

template <class T>
Option scalars(std::string_view name, std::vector<std::string> T::*member, Type type, std::string_view doc) {
    Option out{.name = name, .shape = Option::Shape::scalars, .type = std::move(type), .doc = doc};
    out.set = [member](void* object, Value& value) {
        (static_cast<T*>(object)->*member).push_back(std::get<std::string>(std::move(value)));
    };
    out.get = [member](const void* object) {
        const auto& texts = static_cast<const T*>(object)->*member;
        return std::vector<Value>(texts.begin(), texts.end());
    };
    return out;
}

template <class T, class S>
Option section(std::string_view name, S T::*member, const Section& section, std::string_view doc) {
    Option out{.name = name, .shape = Option::Shape::section, .doc = doc, .section = &section};
    out.open = [member](void* object, std::string_view) { return &(static_cast<T*>(object)->*member); };
    out.visit = [member](const void* object) {
        return std::vector<std::pair<std::string_view, const void*>>{{"", &(static_cast<const T*>(object)->*member)}};
    };
    return out;
}

// A mapping in the file whose options stand in the same struct as the key itself.
inline Option group(std::string_view name, const Section& section, std::string_view doc) {
    Option out{.name = name, .shape = Option::Shape::section, .doc = doc, .section = &section};
    out.open = [](void* object, std::string_view) { return object; };
    out.visit = [](const void* object) { return std::vector<std::pair<std::string_view, const void*>>{{"", object}}; };
    return out;
}

template <class T, class S>
Option list(std::string_view name, std::vector<S> T::*member, const Section& section, std::string_view doc) {
    Option out{.name = name, .shape = Option::Shape::list, .doc = doc, .section = &section};
    out.open = [member](void* object, std::string_view) { return &(static_cast<T*>(object)->*member).emplace_back(); };
    out.visit = [member](const void* object) {
        std::vector<std::pair<std::string_view, const void*>> items;
        for (const auto& item : static_cast<const T*>(object)->*member) items.emplace_back("", &item);
        return items;
    };
    return out;
}

// A list of structs whose `key` member is the key in the file.
template <class T, class S>
Option table(std::string_view name, std::vector<S> T::*member, std::string S::*key, const Section& section,
             std::string_view doc) {
    Option out{.name = name, .shape = Option::Shape::table, .doc = doc, .section = &section};
    out.open = [member, key](void* object, std::string_view text) {
        auto& item = (static_cast<T*>(object)->*member).emplace_back();
        item.*key = text;
        return &item;
    };
    out.visit = [member, key](const void* object) {
        std::vector<std::pair<std::string_view, const void*>> items;
        for (const auto& item : static_cast<const T*>(object)->*member) items.emplace_back(item.*key, &item);
        return items;
    };
    return out;
}

template <class T, class Base>
Option tree(std::string_view name, Tree Base::*member, std::string_view doc) {
    Option out{.name = name, .shape = Option::Shape::tree, .doc = doc};
    out.set_tree = [member](void* object, const Tree& value) { static_cast<T*>(object)->*member = value; };
    out.get_tree = [member](const void* object) { return static_cast<const T*>(object)->*member; };
    return out;
}

}  // namespace stipend::config
