// A regular expression of a schema, behind a pimpl: the library's headers are slow to compile.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "stipend/result.hpp"

namespace stipend::config {

// ECMAScript syntax over bytes; unanchored, as JSON Schema wants it. Copies share the compiled form; thread-safe.
class Pattern {
  public:
    [[nodiscard]] static Result<Pattern> compile(std::string_view text);
    // A text on which the matcher exceeds its bound of work does not match.
    [[nodiscard]] bool matches(std::string_view text) const;
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    struct Impl;
    Pattern(std::shared_ptr<const Impl> impl, std::string_view text) : impl_(std::move(impl)), text_(text) {}
    std::shared_ptr<const Impl> impl_;
    std::string text_;
};

}  // namespace stipend::config
