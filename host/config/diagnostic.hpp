// What is wrong with a configuration file: collected, so that an operator sees all of it at once, each with its place.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/node.hpp"
#include "stipend/json.hpp"

namespace stipend::config {

struct Diagnostic {
    SourcePos pos;        // line 0: about the file as a whole
    std::string path;     // "payment.interval", "orchestrators[3].base"; empty for the file
    std::string message;  // got X, want Y
};

// A file's text. Shared, since that of 100,000 orchestrators takes megabytes.
using SourceText = std::shared_ptr<const std::string>;

// The diagnostics of one file. One thread at a time.
class Diagnostics {
  public:
    static constexpr std::size_t kept = 100;  // later ones are only counted
    static constexpr std::size_t snippet_columns = 120;
    // A place in the second file has its line beyond this one, so that one order holds all places.
    static constexpr std::int32_t second_file_lines = 1 << 30;

    // Sets the file's name and its text, from which snippets are cut. A snippet never shows an expanded value: the
    // text holds the names of variables only.
    void set_source(std::string file, std::string text);
    // The same for the text from its byte `from` on.
    void set_source(std::string file, SourceText text, std::size_t from);
    // A file that the first one refers to. Places beyond `second_file_lines` are in it.
    void set_second_source(std::string file, SourceText text);
    void add(SourcePos pos, std::string path, std::string message);

    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] std::string_view source() const { return text_ ? std::string_view(*text_).substr(from_) : ""; }
    // The kept diagnostics in the order of their places.
    [[nodiscard]] std::vector<Diagnostic> sorted() const;
    // "file:line:column: path: message", the line and a caret, for each; "and N more" at the end. For a terminal.
    // Columns are counted in characters here. Empty where there is no diagnostic.
    [[nodiscard]] std::string text() const;
    // [{"file","line","column","path","message"}], in the same order; line and column are null where there is no place.
    [[nodiscard]] Json json() const;

  private:
    // A diagnostic's place as people read it.
    struct Shown {
        const std::string& file;
        std::string_view line;  // the text of it
        SourcePos pos;
    };
    [[nodiscard]] Shown shown(SourcePos pos) const;

    std::string file_;
    SourceText text_;
    std::size_t from_ = 0;
    std::string second_file_;
    SourceText second_text_;
    std::vector<Diagnostic> kept_;
    std::size_t count_ = 0;
};

// The line of that number, without its end; empty where there is none.
[[nodiscard]] std::string_view line_of(std::string_view text, std::int32_t number);
// The number of characters of a text in UTF-8.
[[nodiscard]] std::size_t characters(std::string_view text);
// "unknown key "intervall": want one of base, interval; did you mean "interval"?"
[[nodiscard]] std::string unknown_key(std::string_view key, std::span<const std::string_view> known);
// "; did you mean "x"?", or nothing where no candidate is near. For messages that list what they want.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace stipend::config
