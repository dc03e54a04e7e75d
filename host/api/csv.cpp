#include "host/api/csv.hpp"

namespace stipend::api {
namespace {

// By these a cell begins that spreadsheets run; a tab or a line end may come before one of them.
constexpr std::string_view formula_begins = "=+-@\t\r\n";

const Json* value_at(const Json& record, std::string_view column) {
    if (const auto* whole = record.find(column)) return whole;
    const auto dot = column.find('.');
    const auto* outer = dot == std::string_view::npos ? nullptr : record.find(column.substr(0, dot));
    return outer != nullptr && outer->is(Json::Kind::object) ? outer->find(column.substr(dot + 1)) : nullptr;
}

std::string cell_text(const Json& value) {
    if (value.is(Json::Kind::null)) return {};
    if (!value.is(Json::Kind::string)) return value.dump();
    const auto& text = value.text();
    return !text.empty() && formula_begins.find(text.front()) != std::string_view::npos ? "'" + text : text;
}

void append_cell(std::string& out, const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        out += text;
        return;
    }
    out.push_back('"');
    for (const char c : text) out.append(c == '"' ? 2 : 1, c);
    out.push_back('"');
}

}  // namespace

std::vector<std::string> csv_columns(const Json& record) {
    std::vector<std::string> out;
    for (const auto& [name, value] : record.members()) {
        if (!value.is(Json::Kind::object)) {
            out.push_back(name);
            continue;
        }
        for (const auto& [inner, unused] : value.members()) out.push_back(cat(name, ".", inner));
    }
    return out;
}

std::string csv_of(std::span<const std::string> columns, std::span<const Json> records) {
    std::string out;
    const auto end_line = [&] {
        if (!columns.empty()) out.pop_back();
        out += "\r\n";
    };
    for (const auto& column : columns) {
        append_cell(out, column);
        out.push_back(',');
    }
    end_line();
    for (const auto& record : records) {
        for (const auto& column : columns) {
            if (const auto* value = value_at(record, column)) append_cell(out, cell_text(*value));
            out.push_back(',');
        }
        end_line();
    }
    return out;
}

}  // namespace stipend::api
