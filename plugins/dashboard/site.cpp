#include "site.hpp"

#include <algorithm>
#include <array>

#include "stipend/ascii.hpp"
#include "stipend/headers.hpp"
#include "stipend/hex.hpp"

namespace dashboard {
namespace {

using namespace stipend;

constexpr std::string_view index_name = "index.html";
constexpr std::string_view html_type = "text/html; charset=utf-8";
// Stricter than the host's own, which holds beside it; the host adds the other fields of a browser's protection.
constexpr std::string_view html_policy =
    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n";
constexpr std::size_t least_hash = 8;

struct Type {
    std::string_view extension, type;
};
constexpr std::array<Type, 11> types{{{".html", html_type},
                                      {".js", "text/javascript; charset=utf-8"},
                                      {".css", "text/css; charset=utf-8"},
                                      {".json", "application/json"},
                                      {".svg", "image/svg+xml"},
                                      {".png", "image/png"},
                                      {".ico", "image/x-icon"},
                                      {".woff2", "font/woff2"},
                                      {".txt", "text/plain; charset=utf-8"},
                                      {".map", "application/json"},
                                      {".webmanifest", "application/manifest+json"}}};

// Calls `take` with each element of a list that commas separate.
template <class Take>
void each_of(std::string_view list, Take take) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        take(trim_blanks(list.substr(0, comma)));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
}

// Whether a weight is zero, as in "q=0" and "q=0.000", which forbids what it belongs to.
bool forbids(std::string_view weight) {
    return weight.starts_with("q=0") && weight.find_first_not_of("0.", 2) == std::string_view::npos;
}

bool takes_gzip(std::string_view headers) {
    bool out = false;
    each_of(find_header(headers, "accept-encoding").value_or(""), [&](std::string_view one) {
        const auto end = one.find(';');
        const auto weight = end == std::string_view::npos ? std::string_view() : trim_blanks(one.substr(end + 1));
        if (ascii::equal_ignoring_case(trim_blanks(one.substr(0, end)), "gzip")) out = !forbids(weight);
    });
    return out;
}

bool names_tag(std::string_view headers, std::string_view tag) {
    bool out = false;
    each_of(find_header(headers, "if-none-match").value_or(""), [&](std::string_view one) {
        if (one.starts_with("W/")) one.remove_prefix(2);
        out = out || one == tag || one == "*";
    });
    return out;
}

}  // namespace

bool has_hash(std::string_view name) {
    name = name.substr(0, name.rfind('.'));
    const auto mark = name.find_last_of("-.");
    if (mark == std::string_view::npos) return false;
    const auto hash = name.substr(mark + 1);
    const bool hex = is_hex(hash) && std::ranges::none_of(hash, ascii::is_upper);
    const bool capital = std::ranges::all_of(hash, [](char c) { return ascii::is_digit(c) || ascii::is_upper(c); });
    return hash.size() >= least_hash && (hex || capital) && std::ranges::any_of(hash, ascii::is_digit);
}

Result<Site> Site::make(const std::vector<File>& files) {
    Site out;
    for (const auto& file : files) {
        if (file.name.ends_with(".gz")) continue;
        const auto known =
            std::ranges::find_if(types, [&](const Type& one) { return file.name.ends_with(one.extension); });
        if (known == types.end()) return fail(STIPEND_E_INVALID, "www/", file.name, ": got a type that is not known");
        if (file.name == index_name) out.index_ = out.pages_.size();
        out.pages_.push_back({.file = file, .type = known->type, .immutable = has_hash(file.name)});
    }
    for (const auto& file : files) {
        if (!file.name.ends_with(".gz")) continue;
        const auto whole = file.name.substr(0, file.name.size() - 3);
        const auto page = std::ranges::find_if(out.pages_, [&](const Page& one) { return one.file.name == whole; });
        if (page == out.pages_.end()) return fail(STIPEND_E_INVALID, "www/", file.name, ": want ", whole, " beside it");
        page->compressed = file;
    }
    if (out.pages_.empty() || out.index().file.name != index_name) {
        return fail(STIPEND_E_INVALID, "www: want a file ", index_name);
    }
    return out;
}

Answer answer_of(const Site::Page& page, std::string_view headers) {
    const bool compressed = !page.compressed.bytes.empty() && takes_gzip(headers);
    const auto& sent = compressed ? page.compressed : page.file;
    const auto tag = cat("\"", sent.sha256.substr(0, 32), "\"");
    Answer out;
    out.headers =
        cat("etag: ", tag, "\r\ncache-control: ", page.immutable ? "public, max-age=31536000, immutable" : "no-cache",
            "\r\n");
    if (!page.compressed.bytes.empty()) out.headers += "vary: accept-encoding\r\n";
    if (page.type == html_type) out.headers += html_policy;
    if (names_tag(headers, tag)) {
        out.status = 304;
        return out;
    }
    out.headers += cat("content-type: ", page.type, "\r\n");
    if (compressed) out.headers += "content-encoding: gzip\r\n";
    out.body = sent.bytes;
    return out;
}

}  // namespace dashboard
