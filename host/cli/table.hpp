// Rows of texts as a table that fits a terminal.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace stipend::cli {

enum class Colour : std::uint8_t { none, good, warning, bad };

class Table {
  public:
    struct Column {
        std::string title;
        bool right = false;
        bool gives_way = false;  // is cut where the table is wider than the terminal
    };
    struct Cell {
        std::string text;  // one line, fit for a terminal
        Colour colour = Colour::none;
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // As many cells as there are columns.
    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
    // `width` 0: as wide as it is. What is cut ends with "~".
    [[nodiscard]] std::string text(std::size_t width, bool coloured) const;
    // As wide as the terminal; whole, and without colours, where `out` is none. NO_COLOR turns the colours off.
    void print(std::FILE* out) const;

  private:
    [[nodiscard]] std::vector<std::size_t> widths(std::size_t width) const;
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace stipend::cli
