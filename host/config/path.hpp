// The path of a value in a tree, as a chain on the stack: text is made only for a report.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "host/config/node.hpp"
#include "stipend/result.hpp"

namespace stipend::config {

// A step borrows its parent and its key; both outlive it.
class Path {
  public:
    Path() = default;
    [[nodiscard]] Path key(std::string_view name) const { return {this, name, 0}; }
    [[nodiscard]] Path item(std::size_t index) const { return {this, {}, index}; }

    // "orchestrators[3].base"
    [[nodiscard]] std::string text() const {
        if (parent_ == nullptr) return {};
        auto out = parent_->text();
        if (name_.data() == nullptr) return out + cat("[", index_, "]");
        return out.append(out.empty() ? "" : ".").append(name_);
    }

  private:
    Path(const Path* parent, std::string_view name, std::size_t index) : parent_(parent), name_(name), index_(index) {}

    const Path* parent_ = nullptr;
    std::string_view name_;
    std::size_t index_ = 0;
};

// Calls `visit(node, path)` for each value of a tree, after those below it.
template <class AnyNode, class Visit>
void for_each_value(AnyNode& node, const Path& path, const Visit& visit) {
    std::size_t index = 0;
    for (auto& child : node.children) {
        for_each_value(child, node.is(Node::Kind::mapping) ? path.key(child.key) : path.item(index++), visit);
    }
    visit(node, path);
}

}  // namespace stipend::config
