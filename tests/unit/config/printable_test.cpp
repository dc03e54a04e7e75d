#include "host/base/printable.hpp"

#include <doctest/doctest.h>

#include "bad_file.hpp"
#include "host/config/dump.hpp"
#include "host/config/yaml.hpp"

using namespace stipend::config;

namespace {

constexpr const char* in_every_form = "a\x1B[2J\xE2\x80\xAE\xC2\x9B\x7F";

bool clean(std::string_view text) {
    for (const char* raw : {"\x1B", "\x07", "\x7F", "\xC2\x9B", "\xE2\x80\xAE", "\xC2\xA0"}) {
        if (text.find(raw) != std::string_view::npos) return false;
    }
    return text.find('\0') == std::string_view::npos;
}

}  // namespace

TEST_CASE("printable: what a terminal obeys and what has no visible form is named, and all else stays") {
    CHECK(printable(in_every_form) == "a<U+001B>[2J<U+202E><U+009B><U+007F>");
    CHECK(printable(std::string_view("a\0b", 3)) == "a<U+0000>b");
    CHECK(printable("\xE2\x81\xA6\xE2\x80\x8B\xEF\xBB\xBF\xF3\xA0\x81\x81") == "<U+2066><U+200B><U+FEFF><U+E0041>");
    CHECK(printable("\xFF\xC3") == "<0xFF><0xC3>");
    CHECK(printable("\xED\xA0\x80") == "<0xED><0xA0><0x80>");
    const std::string_view plain = "tab\t, line\n, Z\xC3\xBCrich, \xE6\x9D\xB1\xE4\xBA\xAC, \xF0\x9F\x98\x80";
    CHECK(printable(plain) == plain);
    CHECK(printable(printable(in_every_form)) == printable(in_every_form));
}

TEST_CASE("printable: no report holds a character raw that a terminal obeys, whatever the file holds") {
    const char* const files[] = {
        "payment: { interval: \"60\\e[2J\\u202E\" }\n",
        "\"pay\\u202Ement\": 1\n",
        "payment: 1 # \xE2\x80\xAE\n",
        "payment: { \"inter\\x1Bval\": 60s }\n",
        "orchestrators: [{address: \"https://a\\x9B:1\"}]\n",
        "payment: !\xE2\x80\xAEx 1\n",
        "payment: \x1B[2J\n",
    };
    for (const auto* file : files) {
        CAPTURE(file);
        const auto report = diagnostics_of(file);
        CHECK_FALSE(report.empty());
        CHECK(clean(report));
    }
}

TEST_CASE("printable: a NUL does not end the report, and the caret is below its place") {
    CHECK(diagnostics_of(std::string_view("state: a\0b\n", 11)) ==
          "config.yaml:1:9: got the byte 0x00, want text in UTF-8\n  state: a<U+0000>b\n          ^\n");
    CHECK(diagnostics_of("payment: { \xC2\xA0interval: 60 }\n")
              .find("\n  payment: { <U+00A0>interval: 60 }\n             ^\n") != std::string::npos);
}

TEST_CASE("printable: a blank in a key that looks like none is named") {
    const auto report = diagnostics_of("payment: { interval\xC2\xA0: 60s }\n");
    CHECK(report.find("unknown key \"interval<U+00A0>\"") != std::string::npos);
    CHECK(report.find("did you mean \"interval\"?") != std::string::npos);
}

TEST_CASE("printable: a dump has escapes, and reads as the same") {
    Node root;
    root.kind = Node::Kind::mapping;
    root.children.push_back(scalar_node(in_every_form, true));
    root.children.back().key = "k\xC2\xA0";
    const auto text = to_yaml(root);
    CHECK(clean(text));
    Diagnostics diagnostics;
    const auto again = parse_yaml(text, diagnostics);
    REQUIRE(again);
    CHECK(again->children.front().key == "k\xC2\xA0");
    CHECK(again->children.front().text == in_every_form);
}
