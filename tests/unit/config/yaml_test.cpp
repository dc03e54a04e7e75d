#include "host/config/yaml.hpp"

#include <doctest/doctest.h>

using namespace stipend::config;

namespace {

std::string refusal(std::string_view text, const YamlLimits& limits = {}) {
    Diagnostics diagnostics;
    diagnostics.set_source("f", std::string(text));
    CHECK(!parse_yaml(text, diagnostics, limits));
    REQUIRE(diagnostics.count() > 0);
    return diagnostics.sorted().front().message;
}

std::string repeated(std::string_view part, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += part;
    return out;
}

}  // namespace

TEST_CASE("every value and every key knows its line and column") {
    Diagnostics diagnostics;
    const auto root = parse_yaml("a: 1\nlist:\n  - x\n  - { k: \"v\" }\n", diagnostics);
    REQUIRE(root);
    CHECK(root->pos == SourcePos{1, 1});
    CHECK(root->find("a")->key_mark == SourcePos{1, 1});
    CHECK(root->find("a")->pos == SourcePos{1, 4});
    const auto& list = *root->find("list");
    CHECK(list.children[0].pos == SourcePos{3, 5});
    CHECK(list.children[1].find("k")->key_mark == SourcePos{4, 7});
    CHECK(list.children[1].find("k")->pos == SourcePos{4, 10});
    CHECK(diagnostics.empty());
}

TEST_CASE("a value that is not there is placed at its key") {
    Diagnostics diagnostics;
    const auto root = parse_yaml("a:\nb: 1\n", diagnostics);
    CHECK(root->find("a")->pos == SourcePos{1, 1});
}

TEST_CASE("an alias is the value itself, at the place of its anchor") {
    Diagnostics diagnostics;
    const auto root = parse_yaml("a: &x { k: v }\nb: *x\n", diagnostics);
    CHECK(root->find("b")->find("k")->text == "v");
    CHECK(root->find("b")->find("k")->pos == SourcePos{1, 12});
    CHECK(root->find("b")->key_mark == SourcePos{2, 1});
}

TEST_CASE("line ends and a last line without one make no difference") {
    Diagnostics diagnostics;
    const auto root = parse_yaml("a: x\r\nb: |+\r\n  y\r\n\r\nc: z", diagnostics);
    REQUIRE(root);
    CHECK(root->find("b")->text == "y\n\n");
    CHECK(root->find("c")->text == "z");
    CHECK(parse_yaml("a: |\n  x\n", diagnostics)->find("a")->text == "x\n");
}

TEST_CASE("an empty file, and one of comments alone, is a null") {
    Diagnostics diagnostics;
    for (const auto* text : {"", "\n", "# nothing\n", "---\n"}) {
        CAPTURE(text);
        const auto root = parse_yaml(text, diagnostics);
        REQUIRE(root);
        CHECK(root->is(Node::Kind::null));
    }
}

TEST_CASE("a duplicate key is reported at its second place, and the first value stays") {
    Diagnostics diagnostics;
    const auto root = parse_yaml("a: 1\nb: 2\na: 3\na: 4\n", diagnostics);
    REQUIRE(root);
    CHECK(root->children.size() == 2);
    CHECK(root->find("a")->text == "1");
    REQUIRE(diagnostics.count() == 2);
    CHECK(diagnostics.sorted()[0].pos == SourcePos{3, 1});
    CHECK(diagnostics.sorted()[1].pos == SourcePos{4, 1});
}

TEST_CASE("a merge key is refused, but a quoted one is a key like any other") {
    Diagnostics diagnostics;
    CHECK(parse_yaml("a: { \"<<\": 1 }\n", diagnostics)->find("a")->children.size() == 1);
    CHECK(diagnostics.empty());
    static_cast<void>(parse_yaml("a: { <<: {} }\n", diagnostics));
    CHECK(diagnostics.count() == 1);
}

TEST_CASE("aliases of aliases are counted as their values") {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 20; ++i) {
        const auto before = "*a" + std::to_string(i - 1);
        bomb += stipend::cat("a", i, ": &a", i, " [", repeated(before + ", ", 9), before, "]\n");
    }
    CHECK(refusal(bomb) == "too large: more than 2000000 values, aliases counted as what they repeat");
}

TEST_CASE("the text of aliases is counted as often as it is repeated") {
    const auto text = "a: &a " + std::string(1000, 'x') + "\nb: [" + repeated("*a, ", 20) + "*a]\n";
    CHECK(refusal(text, {.text_bytes = 10'000}) == "too large: more than 10000 bytes of text, aliases included");
}

TEST_CASE("nesting is bounded, also through aliases") {
    CHECK(refusal("a: " + repeated("{ a: ", 100)) == "nested too deep: want at most 32 levels");
    Diagnostics diagnostics;
    CHECK(parse_yaml(repeated("- ", 31) + "x\n", diagnostics));
    CHECK(refusal("a: &a [[[]]]\nb: &b [[*a]]\nc: [[*b]]\n", {.depth = 6}) == "nested too deep: want at most 6 levels");
}

TEST_CASE("hostile input ends quickly") {
    CHECK(!refusal("a: " + repeated("[", 100'000)).empty());
    CHECK(!refusal(repeated("? ", 100'000)).empty());
    CHECK(!refusal(repeated("[a: ", 100'000)).empty());
    CHECK(!refusal(repeated("\"a\" ", 100'000)).empty());
}

TEST_CASE("what is not UTF-8 text is found at its first byte") {
    CHECK(!find_non_text("plain\ttext\r\n"));
    CHECK(!find_non_text("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"));
    for (const auto* text : {"ab\xFF", "ab\xC0\x80", "ab\xE0\x80\x80", "ab\xED\xA0\x80", "ab\xF4\x90\x80\x80", "ab\xC3",
                             "ab\xE2\x82", "ab\x01", "ab\x7F", "ab\x80"}) {
        CAPTURE(text);
        CHECK(find_non_text(text) == 2);
    }
    CHECK(find_non_text(std::string_view("a\0b", 3)) == 1);
}
