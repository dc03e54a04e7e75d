#include "host/config/problem.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace stipend::config;

TEST_CASE("problems are printed in the order of their places, not of their reports") {
    Problems problems;
    problems.set_source("f.yaml", "one\ntwo\n");
    problems.add({2, 1}, "b", "second");
    problems.add({1, 2}, "a", "first");
    problems.add({}, "", "about the file");
    CHECK(problems.text() ==
          "f.yaml: about the file\nf.yaml:1:2: a: first\n  one\n   ^\nf.yaml:2:1: b: second\n  two\n  ^\n");
}

TEST_CASE("beyond a hundred, problems are counted and no longer kept") {
    Problems problems;
    problems.set_source("f.yaml", "");
    for (int i = 0; i < 123; ++i) problems.add({}, "p", "m");
    CHECK(problems.count() == 123);
    CHECK(problems.sorted().size() == 100);
    CHECK(problems.text().ends_with("and 23 more\n"));
}

TEST_CASE("problems are JSON for programs") {
    Problems problems;
    problems.set_source("f.yaml", "\xC3\xA4: x\n");
    problems.add({1, 5}, "a", "got \"x\"");
    problems.add({}, "", "no place");
    CHECK(problems.json().dump() == R"([{"file":"f.yaml","line":null,"column":null,"path":"","message":"no place"},)"
                                    R"({"file":"f.yaml","line":1,"column":4,"path":"a","message":"got \"x\""}])");
}

TEST_CASE("a place beyond the text has an empty excerpt") {
    Problems problems;
    problems.set_source("f.yaml", "a\n");
    problems.add({7, 9}, "p", "m");
    CHECK(problems.text() == "f.yaml:7:1: p: m\n  \n  ^\n");
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
