// The files of the dashboard's pages: their types, tags, compressed forms and headers.
#include "site.hpp"

#include <doctest/doctest.h>

#include "stipend/headers.hpp"

using namespace stipend;
using dashboard::Answer;
using dashboard::File;
using dashboard::has_hash;
using dashboard::Site;

namespace {

constexpr std::string_view first_hash = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
constexpr std::string_view second_hash = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const std::vector<File> files{{"app-1a2b3c4d.js", first_hash, "whole"},
                              {"app-1a2b3c4d.js.gz", second_hash, "zipped"},
                              {"index.html", first_hash, "<!DOCTYPE html>"}};

Answer asked(std::string_view headers, std::size_t page = 0) {
    static const auto site = *Site::make(files);
    return answer_of(site.pages()[page], headers);
}
std::string field(const Answer& answer, std::string_view name) {
    return std::string(find_header(answer.headers, name).value_or("none"));
}

}  // namespace

TEST_CASE("a file is sent with its type and tag, and compressed to those that take it") {
    auto answer = asked("");
    CHECK(answer.status == 200);
    CHECK(answer.body == "whole");
    CHECK(field(answer, "content-type") == "text/javascript; charset=utf-8");
    CHECK(field(answer, "content-encoding") == "none");
    CHECK(field(answer, "vary") == "accept-encoding");
    CHECK(field(answer, "cache-control") == "public, max-age=31536000, immutable");
    const auto tag = field(answer, "etag");
    CHECK(tag == "\"" + std::string(32, 'a') + "\"");
    for (const auto* takes : {"gzip", "br, GZIP;q=0.5", "deflate,gzip ; q=1.0"}) {
        answer = asked(cat("accept-encoding: ", takes, "\r\n"));
        CHECK(answer.body == "zipped");
        CHECK(field(answer, "content-encoding") == "gzip");
        CHECK(field(answer, "etag") != tag);
    }
    for (const auto* not_taken : {"br", "gzip;q=0", "gzip; q=0.000", "xgzip", ""}) {
        CHECK(asked(cat("accept-encoding: ", not_taken, "\r\n")).body == "whole");
    }
}

TEST_CASE("what a browser has is not sent again") {
    const auto tag = field(asked(""), "etag");
    for (const auto& known : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
        const auto answer = asked("if-none-match: " + known + "\r\n");
        CHECK(answer.status == 304);
        CHECK(answer.body.empty());
        CHECK(field(answer, "etag") == tag);
    }
    CHECK(asked("if-none-match: \"x\"\r\n").status == 200);
    // The tag is of one form of the file.
    CHECK(asked("accept-encoding: gzip\r\nif-none-match: " + tag + "\r\n").status == 200);
}

TEST_CASE("a page runs nothing that is not its own, is framed by none, and is asked for again") {
    const auto answer = asked("", 1);
    CHECK(field(answer, "content-type") == "text/html; charset=utf-8");
    CHECK(field(answer, "cache-control") == "no-cache");
    CHECK(field(answer, "content-security-policy") ==
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
}

TEST_CASE("whether a name holds a hash is seen by its last part") {
    for (const auto* hashed : {"app-1a2b3c4d.js", "a.0123456789abcdef.css", "assets/x-ABCD2345.woff2"}) {
        CHECK(has_hash(hashed));
    }
    for (const auto* plain : {"index.html", "app.js", "app-dashboard.js", "app-1a2b3c.js", "1a2b3c4d.js",
                              "app-1a2B3c4d.js", "app-deadbeef.js", "none"}) {
        CHECK_FALSE(has_hash(plain));
    }
}

TEST_CASE("files that cannot be served are refused by their name") {
    const auto refused = [](const std::vector<File>& some) {
        const auto site = Site::make(some);
        return site.ok() ? std::string() : site.error().message;
    };
    CHECK(refused({}) == "www: want a file index.html");
    CHECK(refused({{"a.js", first_hash, "x"}}) == "www: want a file index.html");
    CHECK(refused({{"index.html", first_hash, "x"}, {"a.exe", first_hash, "x"}}) ==
          "www/a.exe: got a type that is not known");
    CHECK(refused({{"index.html", first_hash, "x"}, {"a.js.gz", first_hash, "x"}}) ==
          "www/a.js.gz: want a.js beside it");
}

TEST_CASE("what this build has embedded can be served, and is what CMake read") {
    const auto embedded = dashboard::embedded_files();
    const auto site = Site::make(embedded);
    REQUIRE_MESSAGE(site.ok(), (site.ok() ? "" : site.error().message));
    CHECK(site->index().file.bytes.starts_with("<!"));
    for (const auto& page : site->pages()) {
        CHECK(page.file.sha256.size() == 64);
        if (!page.compressed.bytes.empty()) CHECK(page.compressed.bytes.starts_with("\x1f\x8b"));
    }
}
