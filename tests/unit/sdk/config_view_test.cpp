#include "sdk_fixture.hpp"

using namespace sdk_test;

namespace {

Json json_of(std::string_view text) {
    auto json = parse_json(text);
    REQUIRE(json.ok());
    return std::move(json).value();
}

template <class T>
void refused(const Result<T>& result, const std::string& path, const std::string& message) {
    REQUIRE(!result.ok());
    CHECK(result.error().status == STIPEND_E_CONFIG);
    CHECK(result.error().path == path);
    CHECK(result.error().message == message);
    CHECK(result.error().permanent);
}

}  // namespace

TEST_CASE("each kind of value is read, and a wrong kind is an error with its pointer") {
    const auto json = json_of(R"({"s":"text","b":true,"n":94.999,"d":"1.5h","list":[1,{"x":"y"}],"o":{}})");
    const ConfigView config(json);
    CHECK(*config.at("s").string() == "text");
    CHECK(*config.at("b").boolean());
    CHECK(*config.at("n").percent() == 949'990);
    CHECK(*config.at("n").scaled(3, 0, 100'000) == 94'999);
    CHECK(*config.at("d").duration(0, 86400 * ns_per_s) == 5400 * ns_per_s);
    refused(config.at("n").string(), "/n", "got \"94.999\", want a string");
    refused(config.at("s").boolean(), "/s", "got \"text\", want true or false");
    refused(config.at("o").decimal(), "/o", "got an object, want a number");
    refused(config.at("b").duration(0, 1), "/b", "got a boolean, want a duration with its unit, such as 60s");
    refused(config.at("missing").string(), "/missing", "missing, want a string");
    refused(config.at("list").items().at(1).at("x").integer(0, 9), "/list/1/x",
            "not a decimal number: \"y\": want digits");
}

TEST_CASE("a number out of range or too precise is an error") {
    const auto json = json_of(R"({"n":101,"m":-1,"f":0.12345,"i":1.5,"big":1e300,"t":"2h"})");
    const ConfigView config(json);
    refused(config.at("n").percent(), "/n", "got 101, want 0 .. 100");
    refused(config.at("m").integer(0, 9), "/m", "got -1, want 0 .. 9");
    refused(config.at("t").duration(0, 3600 * ns_per_s), "/t", "got 2h, want 0s .. 1h");
    for (const auto& result :
         {config.at("f").scaled(4, 0, 9), config.at("i").integer(0, 9), config.at("big").integer(0, 9)}) {
        REQUIRE(!result.ok());
        CHECK(result.error().status == STIPEND_E_CONFIG);
    }
}

TEST_CASE("a key with a slash or a tilde is escaped in its pointer") {
    const auto json = json_of(R"({"a/b":{"~c":1},"~1":{"x":2}})");
    const ConfigView config(json);
    CHECK(config.at("a/b").at("~c").path() == "/a~1b/~0c");
    refused(config.at("a/b").at("~c").string(), "/a~1b/~0c", "got \"1\", want a string");
    CHECK(config.at("~1").at("x").path() == "/~01/x");
    CHECK(config.members().at(0).second.path() == "/a~1b");
    CHECK(config.members().at(0).first == "a/b");
}

TEST_CASE("members of a missing value or null are absent") {
    const auto json = json_of(R"({"null":null})");
    const ConfigView config(json);
    CHECK_FALSE(config.at("null").present());
    CHECK_FALSE(config.at("no").present());
    CHECK_FALSE(config.at("no").at("deeper").present());
    CHECK(config.at("no").at("deeper").path() == "/no/deeper");
    CHECK(config.at("no").items().empty());
    CHECK(config.at("no").members().empty());
    refused(config.at("null").integer(0, 1), "/null", "missing, want a number");
}

TEST_CASE("a long value is quoted in part, cut between two characters") {
    std::string text = "x";
    while (text.size() < 200) text += "é";
    Json json = Json::object();
    json.set("s", text);
    const auto result = ConfigView(json).at("s").boolean();
    REQUIRE(!result.ok());
    CHECK(result.error().message == "got \"" + text.substr(0, 59) + "\", want true or false");
}
