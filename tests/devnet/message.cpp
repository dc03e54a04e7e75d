#include "tests/devnet/message.hpp"

#include <algorithm>
#include <array>

#include "stipend/json.hpp"

namespace stipend::devnet {
namespace {

constexpr std::size_t go_write_buffer = 2048;
constexpr std::size_t sniff_bytes = 512;

bool starts_folded(std::string_view text, std::string_view upper) {
    if (text.size() < upper.size()) return false;
    return std::equal(upper.begin(), upper.end(), text.begin(),
                      [](char want, char got) { return want == (got >= 'a' && got <= 'z' ? got - 'a' + 'A' : got); });
}

// Bytes that never occur in text.
bool binary(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x08 || byte == 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);
}

// Without empty and "." elements, each ".." with the element before it; a slash at the end stays.
std::string clean_path(std::string_view path) {
    std::vector<std::string_view> elements;
    bool directory = true;
    while (!path.empty()) {
        const auto element = path.substr(0, path.find('/'));
        directory = element.size() < path.size() || element.empty() || element == "." || element == "..";
        path.remove_prefix(std::min(path.size(), element.size() + 1));
        if (element == ".." && !elements.empty()) elements.pop_back();
        if (!element.empty() && element != "." && element != "..") elements.push_back(element);
    }
    std::string out;
    for (const auto element : elements) out.append("/").append(element);
    if (directory || out.empty()) out.push_back('/');
    return out;
}

bool has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

}  // namespace

Reply http_error(int status, std::string_view text) {
    Reply reply;
    reply.status = status;
    reply.headers = {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}};
    reply.body.reserve(text.size() + 1);
    reply.body.append(text).push_back('\n');
    return reply;
}

Reply typed_reply(int status, std::string content_type, std::string body) {
    Reply reply;
    reply.status = status;
    reply.headers = {{"Content-Type", std::move(content_type)}};
    reply.body = std::move(body);
    return reply;
}

Reply shaped(Reply::Shape shape) {
    Reply reply;
    reply.shape = shape;
    return reply;
}

Reply not_found() {
    return http_error(404, "404 page not found");
}

std::string json_string(std::string_view text) {
    std::string out;
    Json::quote(out, text);
    return out;
}

std::optional<Reply> mux_redirect(const Request& request, std::string_view subtree) {
    const std::string_view asked = request.path;
    const bool clean = asked.substr(0, 1) == "/" && asked.find("//") == asked.npos && asked.find("/.") == asked.npos;
    if (clean && asked.size() + 1 != subtree.size()) return std::nullopt;  // nearly every request
    auto path = clean_path(asked);
    if (path.size() + 1 == subtree.size() && path == subtree.substr(0, path.size())) path.push_back('/');
    if (path == request.path) return std::nullopt;
    Reply reply;
    reply.status = 307;
    const auto location = path + (request.query.empty() ? "" : "?" + request.query);
    if (request.method == "GET" || request.method == "HEAD") {
        reply.headers = {{"Content-Type", "text/html; charset=utf-8"}};
        reply.body = "<a href=\"" + location + "\">Temporary Redirect</a>.\n\n";
    }
    reply.headers.emplace_back("Location", location);
    return reply;
}

std::string_view sniff_content_type(std::string_view body) {
    body = body.substr(0, sniff_bytes);
    const auto first = body.find_first_not_of("\t\n\x0c\r ");
    const auto trimmed = first == std::string_view::npos ? std::string_view() : body.substr(first);
    static constexpr std::array<std::string_view, 17> html{
        "<!DOCTYPE HTML", "<HTML",  "<HEAD", "<SCRIPT", "<IFRAME", "<H1", "<DIV", "<FONT", "<TABLE", "<A",
        "<STYLE",         "<TITLE", "<B",    "<BODY",   "<BR",     "<P",  "<!--"};
    for (const auto tag : html) {
        if (!starts_folded(trimmed, tag)) continue;
        const bool ended = trimmed.size() > tag.size() && (trimmed[tag.size()] == ' ' || trimmed[tag.size()] == '>');
        if (ended) return "text/html; charset=utf-8";
    }
    if (trimmed.substr(0, 5) == "<?xml") return "text/xml; charset=utf-8";
    return std::any_of(body.begin(), body.end(), binary) ? "application/octet-stream" : "text/plain; charset=utf-8";
}

std::string_view reason_phrase(int status) {
    struct Phrase {
        int status;
        std::string_view text;
    };
    static constexpr std::array<Phrase, 28> phrases{{{200, "OK"},
                                                     {201, "Created"},
                                                     {202, "Accepted"},
                                                     {204, "No Content"},
                                                     {301, "Moved Permanently"},
                                                     {302, "Found"},
                                                     {303, "See Other"},
                                                     {307, "Temporary Redirect"},
                                                     {308, "Permanent Redirect"},
                                                     {400, "Bad Request"},
                                                     {401, "Unauthorized"},
                                                     {402, "Payment Required"},
                                                     {403, "Forbidden"},
                                                     {404, "Not Found"},
                                                     {405, "Method Not Allowed"},
                                                     {406, "Not Acceptable"},
                                                     {408, "Request Timeout"},
                                                     {409, "Conflict"},
                                                     {410, "Gone"},
                                                     {413, "Request Entity Too Large"},
                                                     {418, "I'm a teapot"},
                                                     {422, "Unprocessable Entity"},
                                                     {429, "Too Many Requests"},
                                                     {431, "Request Header Fields Too Large"},
                                                     {500, "Internal Server Error"},
                                                     {502, "Bad Gateway"},
                                                     {503, "Service Unavailable"},
                                                     {504, "Gateway Timeout"}}};
    for (const auto& phrase : phrases) {
        if (phrase.status == status) return phrase.text;
    }
    return {};
}

bool chunked(const Reply& reply) {
    if (reply.shape == Reply::Shape::cut) return false;
    return reply.flood.has_value() || reply.streams() || reply.body.size() > go_write_buffer;
}

std::string head_text(const Reply& reply, std::string_view date, bool keep_alive) {
    std::string out;
    out.reserve(320);
    const auto phrase = reason_phrase(reply.status);
    out.append("HTTP/1.1 ").append(std::to_string(reply.status)).append(" ");
    out.append(phrase.empty() ? "status code " + std::to_string(reply.status) : std::string(phrase)).append("\r\n");
    bool typed = false;
    for (const auto& [name, value] : reply.headers) {
        typed = typed || name == "Content-Type";
        out.append(name).append(": ").append(value).append("\r\n");
    }
    if (!date.empty()) out.append("Date: ").append(date).append("\r\n");
    if (chunked(reply)) {
        out.append("Transfer-Encoding: chunked\r\n");
    } else if (has_body(reply.status)) {
        out.append("Content-Length: ").append(std::to_string(reply.body.size())).append("\r\n");
    }
    if (!typed && !reply.body.empty()) {
        out.append("Content-Type: ").append(sniff_content_type(reply.body)).append("\r\n");
    }
    if (!keep_alive) out.append("Connection: close\r\n");
    // A header section that never ends has no blank line.
    if (!reply.flood || !reply.flood->in_headers) out.append("\r\n");
    return out;
}

}  // namespace stipend::devnet
