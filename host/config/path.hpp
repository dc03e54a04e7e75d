// Where in a tree a reader stands, as a chain on the stack: it becomes text only when there is something to report.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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

}  // namespace stipend::config
