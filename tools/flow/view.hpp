// What of the model is on the screen, and what keys change of that. Pure: no terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/flow/model.hpp"

namespace stipend::flow {

enum class Sort : std::uint8_t { name, next, owed, uptime, failures };
inline constexpr std::uint8_t sorts = 5;
[[nodiscard]] std::string_view name_of(Sort sort);

enum class Key : std::uint8_t { up, down, page_up, page_down, home, end, enter, escape, backspace, text };

struct View {
    enum class Mode : std::uint8_t { list, filter, detail };
    Mode mode = Mode::list;
    Sort sort = Sort::name;
    std::string filter;    // a part of the id, of the status or of the tier; case does not matter
    std::string selected;  // the id of a lane; empty: the first one
    std::size_t top = 0;   // the first lane, or line of the detail, that is shown
    std::string note;      // about the connection; empty: connected
    std::string url;
    std::vector<std::string> detail;  // lines, fit for a terminal
    bool quit = false;
};

// The ids that the filter leaves, in order.
[[nodiscard]] std::vector<const Lane*> lanes_of(const Model& model, const View& view);

// Makes a lane of the list the selected one, and has it on a screen of `page` lanes. Live values change their order.
void settle(View& view, const std::vector<const Lane*>& lanes, std::size_t page);

// What a key asks for beyond the view itself.
enum class Wish : std::uint8_t { none, explain, refresh };
// `page`: how many lanes, or lines of the detail, the screen shows; at least 1. `character` is for Key::text.
[[nodiscard]] Wish press(View& view, const Model& model, Key key, char character, std::size_t page);

}  // namespace stipend::flow
