#include "host/config/diagnostic.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace stipend::config;

TEST_CASE("problems are printed in the order of their places, not of their reports") {
    Diagnostics diagnostics;
    diagnostics.set_source("f.yaml", "one\ntwo\n");
    diagnostics.add({2, 1}, "b", "second");
    diagnostics.add({1, 2}, "a", "first");
    diagnostics.add({}, "", "about the file");
    CHECK(diagnostics.text() ==
          "f.yaml: about the file\nf.yaml:1:2: a: first\n  one\n   ^\nf.yaml:2:1: b: second\n  two\n  ^\n");
}

TEST_CASE("beyond a hundred, problems are counted and no longer kept") {
    Diagnostics diagnostics;
    diagnostics.set_source("f.yaml", "");
    for (int i = 0; i < 123; ++i) diagnostics.add({}, "p", "m");
    CHECK(diagnostics.count() == 123);
    CHECK(diagnostics.sorted().size() == 100);
    CHECK(diagnostics.text().ends_with("and 23 more\n"));
}

TEST_CASE("problems are JSON for programs") {
    Diagnostics diagnostics;
    diagnostics.set_source("f.yaml", "\xC3\xA4: x\n");
    diagnostics.add({1, 5}, "a", "got \"x\"");
    diagnostics.add({}, "", "no place");
    CHECK(diagnostics.json().dump() == R"([{"file":"f.yaml","line":null,"column":null,"path":"","message":"no place"},)"
                                       R"({"file":"f.yaml","line":1,"column":4,"path":"a","message":"got \"x\""}])");
}

TEST_CASE("a place beyond the text has an empty snippet") {
    Diagnostics diagnostics;
    diagnostics.set_source("f.yaml", "a\n");
    diagnostics.add({7, 9}, "p", "m");
    CHECK(diagnostics.text() == "f.yaml:7:1: p: m\n  \n  ^\n");
}

TEST_CASE("an unknown key names the nearest right one, and none where none is near") {
    constexpr std::array<std::string_view, 3> known{"interval", "base", "policy"};
    CHECK(unknown_key("intervall", known) ==
          "unknown key \"intervall\": want one of interval, base, policy; did you mean \"interval\"?");
    CHECK(unknown_key("bsae", known).ends_with("did you mean \"base\"?"));
    CHECK(unknown_key("frobnicate", known) == "unknown key \"frobnicate\": want one of interval, base, policy");
    CHECK(unknown_key("x", std::array<std::string_view, 1>{"only_one"}) == "unknown key \"x\": want only only_one");
    CHECK(unknown_key("x", {}) == "unknown key \"x\": want no keys here");
    CHECK(did_you_mean(std::string(100'000, 'a'), known).empty());
}
