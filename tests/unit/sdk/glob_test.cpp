#include "stipend/glob.hpp"

#include <doctest/doctest.h>

#include <string>

using stipend::glob_match;

TEST_CASE("a text with a star is a pattern; nothing else makes one") {
    CHECK(stipend::is_glob("s1_*"));
    CHECK_FALSE(stipend::is_glob("s1_?"));
    CHECK_FALSE(stipend::is_glob("s1_[ab]"));
    CHECK_FALSE(stipend::is_glob(""));
}

TEST_CASE("a star stands for any run of characters, also an empty one") {
    CHECK(glob_match("s1_*", "s1_"));
    CHECK(glob_match("s1_*", "s1_gpu"));
    CHECK_FALSE(glob_match("s1_*", "xs1_gpu"));
    CHECK(glob_match("*_scb*", "redis_scb"));
    CHECK(glob_match("a*b*c", "aXbXbXc"));
    CHECK_FALSE(glob_match("a*b*c", "aXbXbX"));
    CHECK(glob_match("*ab", "aab"));
    CHECK(glob_match("**", ""));
    CHECK_FALSE(glob_match("", "a"));
}

TEST_CASE("a question mark stands for exactly one character") {
    CHECK(glob_match("s?_*", "s1_gpu"));
    CHECK_FALSE(glob_match("s?_*", "s_gpu"));
    CHECK_FALSE(glob_match("s?_*", "s12_gpu"));
    CHECK(glob_match("*?", "a"));
    CHECK_FALSE(glob_match("*?", ""));
}

TEST_CASE("every other character stands for itself") {
    CHECK_FALSE(glob_match("redis", "redis2"));
    CHECK_FALSE(glob_match("Redis*", "redis"));
    CHECK(glob_match("[ab]*", "[ab]c"));
    CHECK_FALSE(glob_match("[ab]*", "a"));
    CHECK(glob_match("a\\*", "a\\b"));
    CHECK_FALSE(glob_match("a\\*", "a*"));
}

TEST_CASE("a pattern of many stars over a long text ends soon") {
    std::string pattern;
    for (int star = 0; star < 100; ++star) pattern += "*a";
    CHECK_FALSE(glob_match(pattern + "*b", std::string(10'000, 'a')));
}
