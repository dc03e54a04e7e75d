#include "host/config/expand.hpp"

#include <doctest/doctest.h>

#include "fake_environment.hpp"
#include "host/config/yaml.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

FakeEnvironment& shared_environment() {
    static FakeEnvironment environment;
    environment.variables = {{"NAME", "value"},        {"EMPTY", ""},     {"TRICK", "${NAME} $$ [a: b]"},
                             {"JWT_SECRET", "hidden"}, {"LATIN", "\xE4"}, {"CREDENTIALS_DIRECTORY", "/creds"}};
    environment.files = {{"/creds/key", "s3cret\n"},
                         {"/two", "one\ntwo\n\n"},
                         {"/crlf", "one\r\n"},
                         {"/binary", "\xFF\xFE"},
                         {"/large", std::string(65537, 'x')}};
    return environment;
}

std::string expanded(std::string_view text) {
    auto out = expand_text(text, shared_environment());
    return out ? out->text : "error: " + out.error().message;
}

}  // namespace

TEST_CASE("a variable is its value, in the middle of a text too") {
    CHECK(expanded("a ${NAME} b ${NAME}") == "a value b value");
    CHECK(expanded("no dollar") == "no dollar");
}

TEST_CASE("a default replaces an unset or empty variable, and may hold expansions itself") {
    CHECK(expanded("${NAME:-other}") == "value");
    CHECK(expanded("${NOTHING:-other}") == "other");
    CHECK(expanded("${EMPTY:-other}") == "other");
    CHECK(expanded("${NOTHING:-}") == "");
    CHECK(expanded("${NOTHING:-${NAME}}s") == "values");
    CHECK(expanded("${NOTHING:-${EMPTY:-${NOR_THIS:-5}}} USD") == "5 USD");
    CHECK(expanded("${EMPTY}") == "");
}

TEST_CASE("a default that is not needed asks for nothing") {
    CHECK(expanded("${NAME:-${UNSET} ${file:/not/there}}") == "value");
}

TEST_CASE("two dollars are one, and one is a mistake") {
    CHECK(expanded("$$5 $${NAME}") == "$5 ${NAME}");
    CHECK(expanded("cost: $5") == "error: a lone \"$\": want ${NAME}, or $$ for a dollar sign");
    CHECK(expanded("end$") == "error: a lone \"$\": want ${NAME}, or $$ for a dollar sign");
}

TEST_CASE("a text with a zero byte is expanded to its end") {
    using namespace std::string_view_literals;
    CHECK(expanded("a\0${NAME}"sv) == "a\0value"sv);
    CHECK(expanded("${NOTHING:-b\0c}d"sv) == "b\0cd"sv);
}

TEST_CASE("the text of a variable or file is not expanded again") {
    CHECK(expanded("${TRICK}") == "${NAME} $$ [a: b]");
}

TEST_CASE("files and credentials lose one line end, and are secrets") {
    CHECK(expanded("${cred:key}") == "s3cret");
    CHECK(expanded("${file:/two}") == "one\ntwo\n");
    CHECK(expanded("${file:/crlf}") == "one");
    CHECK(expand_text("${cred:key}", shared_environment())->secret);
    CHECK(expand_text("x${file:/two}", shared_environment())->secret);
    CHECK(expand_text("${JWT_SECRET}", shared_environment())->secret);
    CHECK(!expand_text("${NAME}", shared_environment())->secret);
}

TEST_CASE("a failed expansion reports the reason without a value") {
    CHECK(expanded("${UNSET}") ==
          "error: the environment variable UNSET is not set: want it set, or ${UNSET:-default}");
    CHECK(expanded("${LATIN}") == "error: the environment variable LATIN is not UTF-8 text");
    CHECK(expanded("${file:/not/there}") == "error: cannot read /not/there: No such file");
    CHECK(expanded("${file:/large}") == "error: cannot read /large: too large: got more than 65536 bytes");
    CHECK(expanded("${file:/binary}") == "error: /binary is not UTF-8 text");
    CHECK(expanded("${file:}") == "error: ${file:}: want the path of a file");
    CHECK(expanded("${cred:a/b}") == "error: ${cred:a/b}: want the name of a credential, not a path");
    CHECK(expanded("${cred:..}") == "error: ${cred:..}: want the name of a credential, not a path");
    CHECK(expanded("${NAME") == "error: \"${\" without its \"}\"");
    CHECK(expanded("${NAME:-x") == "error: \"${\" without its \"}\"");
    CHECK(expanded("${}") == "error: \"${\" without a name: want ${NAME}, or $$ for a dollar sign");
    CHECK(expanded("${NAME:=x}") ==
          "error: \"${NAME\" goes on with \":=\": want ${NAME}, ${NAME:-default}, ${file:/path} or ${cred:name}");
    std::string deep = "x";
    for (int i = 0; i < 20; ++i) deep = stipend::cat("${U:-", deep, "}");
    CHECK(expanded(deep) == "error: defaults inside defaults: want at most 8");
    CHECK(expand_text("${cred:key}", FakeEnvironment()).error().message ==
          "${cred:key}: CREDENTIALS_DIRECTORY is not set (systemd sets it where the unit has LoadCredential=)");
}

TEST_CASE("one text cannot grow without bound") {
    FakeEnvironment environment;
    environment.variables["BIG"] = std::string(600'000, 'x');
    CHECK(expand_text("${BIG}${BIG}", environment).error().message == "expands to more than 1048576 bytes");
}

TEST_CASE("a tree is expanded in its scalars only: values become no structure, and keys stay") {
    Diagnostics diagnostics;
    auto root = *parse_yaml("\"${NAME}\": ${TRICK}\nport: ${PORT:-5}\nempty: ${EMPTY:-}\nbad: ${UNSET}\n", diagnostics);
    std::set<std::string> names;
    expand_tree(root, shared_environment(), names, diagnostics);
    CHECK(to_json(root).dump() == R"({"${NAME}":"${NAME} $$ [a: b]","port":5,"empty":"","bad":"${UNSET}"})");
    CHECK(root.find("bad")->refused);
    REQUIRE(diagnostics.count() == 1);
    CHECK(diagnostics.sorted()[0].path == "bad");
    CHECK(diagnostics.sorted()[0].pos == SourcePos{4, 6});
    CHECK(names == std::set<std::string>{"TRICK"});
}

TEST_CASE("escaped dollars expand to themselves") {
    for (const auto* text : {"$", "$$", "${NAME}", "a$b", ""}) {
        CAPTURE(text);
        CHECK(expanded(escape_dollars(text)) == text);
    }
}

TEST_CASE("the variables of a text are found without expanding it") {
    CHECK(variables_of("${A:-${B:-1}} ${C} ${file:/x}") == std::vector<std::string>{"A", "B", "C"});
}
