// Lists that are answered a part at a time: their cursors and sizes, as JSON or for a spreadsheet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/reply.hpp"
#include "host/api/request.hpp"

namespace stipend::api {

inline constexpr std::int64_t default_part = 100;  // entries
inline constexpr std::int64_t most_part = 200;

// A part of a list; `next` is the cursor of the part that follows.
struct ListPart {
    std::vector<Json> items = {};
    std::optional<std::int64_t> next = {};
};

// Cursors are opaque to clients: a letter of the list, and where its next part goes on.
[[nodiscard]] std::string cursor_text(char list, std::int64_t at);
// INVALID: not one of that list.
[[nodiscard]] Result<std::optional<std::int64_t>> cursor_of(const Request& request, char list);
// Which part a request asks for.
struct PartQuery {
    std::size_t limit = 0;
    std::optional<std::int64_t> at = {};  // its cursor
};
// INVALID: the limit or the cursor is none.
[[nodiscard]] Result<PartQuery> part_query(const Request& request, char list);
// The orchestrator that a list is asked of; empty: of all. INVALID: it is no id.
[[nodiscard]] Result<std::string> orchestrator_query(const Request& request);
// null at the end.
[[nodiscard]] Json next_of(char list, const ListPart& part);
[[nodiscard]] Json array_of(std::vector<Json> items);

// Whether the query asks for CSV. INVALID: for another form than json or csv.
[[nodiscard]] Result<bool> wants_csv(const Request& request);
// A file for a spreadsheet, with the columns of `form`. The part that follows is named as RFC 8288 has it.
[[nodiscard]] Reply csv_reply(const Json& form, char list, const ListPart& part, std::string_view file);

// What the query has wrong is 400, as for all parameters.
[[nodiscard]] Reply bad_query(const Error& error);
// A whole number in the path; nothing where it is none.
[[nodiscard]] std::optional<std::uint64_t> path_number(const Request& request, const std::string& name);
// The path's {epoch}; nothing where it is no whole number.
[[nodiscard]] std::optional<std::uint64_t> epoch_of(const Request& request);

}  // namespace stipend::api
