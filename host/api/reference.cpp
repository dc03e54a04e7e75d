#include "host/api/reference.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "host/api/openapi.hpp"
#include "host/base/html.hpp"
#include "stipend/ascii.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::api {
namespace {

constexpr JsonLimits document_json{.bytes = 1 << 20, .depth = 64, .nodes = 100'000};
constexpr std::string_view schema_prefix = "#/components/schemas/";
constexpr std::string_view problem_reference = "#/components/responses/problem";

// Texts hold `code` and [links](#to-a-heading), as in Markdown, and no other markup.
class Page {
  public:
    virtual ~Page() = default;
    virtual void heading(int level, std::string_view text) = 0;
    virtual void paragraph(std::string_view text) = 0;
    virtual void table(const std::vector<std::string>& heads, const std::vector<std::vector<std::string>>& rows) = 0;
    [[nodiscard]] virtual std::string done() = 0;
};

class MarkdownPage final : public Page {
  public:
    void heading(int level, std::string_view text) override {
        out_ += cat(out_.empty() ? "" : "\n", std::string(static_cast<std::size_t>(level), '#'), " ", text, "\n");
    }
    void paragraph(std::string_view text) override { out_ += cat("\n", text, "\n"); }
    void table(const std::vector<std::string>& heads, const std::vector<std::vector<std::string>>& rows) override {
        out_ += "\n";
        row(heads);
        row(std::vector<std::string>(heads.size(), "---"));
        for (const auto& cells : rows) row(cells);
    }
    std::string done() override { return std::move(out_); }

  private:
    void row(const std::vector<std::string>& cells) {
        out_ += "|";
        for (const auto& cell : cells) {
            out_ += " ";
            for (const char c : cell) out_ += c == '|' ? std::string("\\|") : std::string(1, c);
            out_ += " |";
        }
        out_ += "\n";
    }
    std::string out_;
};

// As forges name the heading of a Markdown page.
std::string anchor_of(std::string_view heading) {
    std::string out;
    for (const char c : heading) {
        if (ascii::is_alnum(c) || c == '-' || c == '_') out += ascii::to_lower(c);
        if (c == ' ') out += '-';
    }
    return out;
}

std::string html_of(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto mark = text.find_first_of("`[");
        out += html_escaped(text.substr(0, mark));
        if (mark == std::string_view::npos) break;
        text.remove_prefix(mark);
        const bool code = text.front() == '`';
        const auto end = code ? text.find('`', 1) : text.find("](");
        const auto after = code || end == std::string_view::npos ? end : text.find(')', end);
        if (end == std::string_view::npos || after == std::string_view::npos) {
            out += html_escaped(text);
            break;
        }
        const auto shown = html_escaped(text.substr(1, end - 1));
        out += code ? cat("<code>", shown, "</code>")
                    : cat("<a href=\"", html_escaped(text.substr(end + 2, after - end - 2)), "\">", shown, "</a>");
        text.remove_prefix(after + 1);
    }
    return out;
}

class HtmlPage final : public Page {
  public:
    void heading(int level, std::string_view text) override {
        out_ += cat("<h", level, " id=\"", anchor_of(text), "\">", html_of(text), "</h", level, ">\n");
    }
    void paragraph(std::string_view text) override { out_ += cat("<p>", html_of(text), "</p>\n"); }
    void table(const std::vector<std::string>& heads, const std::vector<std::vector<std::string>>& rows) override {
        out_ += "<table>\n";
        row("th", heads);
        for (const auto& cells : rows) row("td", cells);
        out_ += "</table>\n";
    }
    std::string done() override {
        return cat(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>stipend: the manager's "
            "API</title>\n"
            "<meta name=\"viewport\" content=\"width=device-width\"><style>\n"
            "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
            "1rem;color-scheme:light dark}\n"
            "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.2rem .6rem;"
            "border-bottom:1px solid #8884}\n"
            "h2{margin-top:3rem}h3{margin-top:2rem;overflow-wrap:anywhere}code{font-size:.9em}\n</style></"
            "head><body>\n",
            out_, "</body></html>\n");
    }

  private:
    void row(std::string_view tag, const std::vector<std::string>& cells) {
        out_ += "<tr>";
        for (const auto& cell : cells) out_ += cat("<", tag, ">", html_of(cell), "</", tag, ">");
        out_ += "</tr>\n";
    }
    std::string out_;
};

std::string upper(std::string_view method) {
    std::string out(method);
    for (auto& c : out) {
        if (ascii::is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
    }
    return out;
}

std::string_view text_of(const Json& object, std::string_view name) {
    const auto* found = object.find(name);
    return found == nullptr ? std::string_view() : std::string_view(found->text());
}

std::string joined(const Json& list) {
    std::string out;
    for (const auto& item : list.items()) {
        const auto* shown = item.is(Json::Kind::null) ? "null" : item.text().c_str();
        out += cat(out.empty() ? "" : ", ", "`", shown, "`");
    }
    return out;
}

// "string or null, at most 64 bytes", "a list of [Component](#component)".
std::string type_of(const Json& schema) {
    if (const auto reference = text_of(schema, "$ref"); reference.starts_with(schema_prefix)) {
        const auto name = reference.substr(schema_prefix.size());
        return cat("[", name, "](#", anchor_of(name), ")");
    }
    if (const auto* value = schema.find("const")) return cat("`", value->text(), "`");
    if (const auto* values = schema.find("enum")) return cat("one of ", joined(*values));
    const auto* type = schema.find("type");
    std::string out;
    if (type == nullptr) {
        out = "any";
    } else if (type->is(Json::Kind::array)) {
        for (const auto& one : type->items()) out += cat(out.empty() ? "" : " or ", one.text());
    } else {
        out = type->text();
    }
    if (const auto* items = schema.find("items")) out = cat("list of ", type_of(*items));
    if (const auto* format = schema.find("format")) out += cat(" (", format->text(), ")");
    if (const auto* most = schema.find("maxLength")) out += cat(", at most ", most->text(), " characters");
    if (const auto* least = schema.find("minimum")) out += cat(", from ", least->text());
    if (const auto* most = schema.find("maximum")) out += cat(", at most ", most->text());
    if (const auto* usual = schema.find("default")) out += cat(", by default `", usual->text(), "`");
    return out;
}

bool names(const Json* list, std::string_view name) {
    return list != nullptr && std::any_of(list->items().begin(), list->items().end(),
                                          [&](const Json& item) { return item.text() == name; });
}

std::vector<std::vector<std::string>> fields_of(const Json& schema) {
    std::vector<std::vector<std::string>> rows;
    const auto* properties = schema.find("properties");
    if (properties == nullptr) return rows;
    for (const auto& [name, field] : properties->members()) {
        rows.push_back({cat("`", name, "`"), names(schema.find("required"), name) ? "yes" : "", type_of(field),
                        std::string(text_of(field, "description"))});
    }
    return rows;
}

class Reference {
  public:
    Reference(const Json& description, Page& page) : document_(description), page_(page) {}

    void write() {
        const auto* info = document_.find("info");
        page_.heading(1, "The routes of the API");
        page_.paragraph(text_of(*info, "description"));
        page_.paragraph(
            "Made from the OpenAPI document, which a running host serves at `/api/v1/openapi.json`. `bearer` is an "
            "access "
            "token or an API key, `session` the cookie of a browser's session, `ownSecret` the secret of the "
            "orchestrator itself.");
        page_.heading(2, "Routes");
        for (const auto& [path, methods] : document_.find("paths")->members()) {
            for (const auto& [method, operation] : methods.members()) write_operation(method, path, operation);
        }
        page_.heading(2, "Objects");
        for (const auto& [name, schema] : document_.find("components")->find("schemas")->members()) {
            page_.heading(3, name);
            write_object(schema);
        }
    }

  private:
    const Json& resolved(const Json& value) const {
        auto reference = text_of(value, "$ref");
        if (!reference.starts_with("#/")) return value;
        const auto* at = &document_;
        for (reference.remove_prefix(2); at != nullptr && !reference.empty();) {
            const auto slash = std::min(reference.find('/'), reference.size());
            at = at->find(reference.substr(0, slash));
            reference.remove_prefix(std::min(slash + 1, reference.size()));
        }
        STIPEND_ASSERT(at != nullptr);
        return *at;
    }

    void write_object(const Json& schema) {
        if (const auto about = text_of(schema, "description"); !about.empty()) page_.paragraph(about);
        auto rows = fields_of(schema);
        if (const auto* all = schema.find("allOf")) {
            for (const auto& part : all->items()) {
                auto more = fields_of(resolved(part));
                rows.insert(rows.end(), more.begin(), more.end());
            }
        }
        if (rows.empty()) {
            page_.paragraph(type_of(schema));
        } else {
            page_.table({"field", "required", "type", "meaning"}, rows);
        }
    }

    void write_operation(std::string_view method, std::string_view path, const Json& operation) {
        page_.heading(3, cat("`", upper(method), " ", path, "`"));
        page_.paragraph(cat(text_of(operation, "summary"), "."));
        if (const auto more = text_of(operation, "description"); !more.empty()) page_.paragraph(more);
        std::string access;
        if (const auto* security = operation.find("security")) {
            for (const auto& one : security->items()) {
                access += cat(access.empty() ? "" : " or ", "`", one.members().front().first, "`");
            }
        }
        page_.paragraph(cat("Access: ", access.empty() ? "public" : access, "."));
        write_parameters(operation);
        if (const auto* body = operation.find("requestBody")) {
            page_.paragraph(cat("Body, JSON", text_of(*body, "required") == "true" ? ":" : ", may be left out:"));
            const auto& content = *body->find("content")->find("application/json");
            if (const auto* example = content.find("example")) page_.paragraph(cat("Such as `", example->dump(), "`."));
            const auto& schema = *content.find("schema");
            if (schema.find("$ref") != nullptr) {
                page_.paragraph(type_of(schema));
            } else {
                write_object(schema);
            }
        }
        write_answers(*operation.find("responses"));
    }

    void write_parameters(const Json& operation) {
        const auto* parameters = operation.find("parameters");
        if (parameters == nullptr) return;
        std::vector<std::vector<std::string>> rows;
        for (const auto& item : parameters->items()) {
            const auto& one = resolved(item);
            rows.push_back({cat("`", text_of(one, "name"), "`"), std::string(text_of(one, "in")),
                            type_of(*one.find("schema")), std::string(text_of(one, "description"))});
        }
        page_.table({"parameter", "in", "type", "meaning"}, rows);
    }

    void write_answers(const Json& answers) {
        std::vector<std::vector<std::string>> rows;
        std::string problems;
        for (const auto& [status, given] : answers.members()) {
            if (text_of(given, "$ref") == problem_reference) {
                problems += cat(problems.empty() ? "" : ", ", status);
                continue;
            }
            const auto& answer = resolved(given);
            std::string types;
            if (const auto* content = answer.find("content")) {
                for (const auto& [type, what] : content->members()) {
                    types += cat(types.empty() ? "" : "; ", "`", type, "`: ", type_of(*what.find("schema")));
                }
            }
            rows.push_back({status, std::string(text_of(answer, "description")), std::move(types)});
        }
        if (!problems.empty()) rows.push_back({problems, "Why there is no answer.", "[Problem](#problem)"});
        page_.table({"status", "meaning", "body"}, rows);
    }

    const Json& document_;
    Page& page_;
};

}  // namespace

std::string api_reference(ReferenceFormat format) {
    const auto document = parse_json(openapi_document(), document_json);
    STIPEND_ASSERT(document.ok());  // a test parses it
    std::unique_ptr<Page> page;
    if (format == ReferenceFormat::html) {
        page = std::make_unique<HtmlPage>();
    } else {
        page = std::make_unique<MarkdownPage>();
    }
    Reference(*document, *page).write();
    return page->done();
}

}  // namespace stipend::api
