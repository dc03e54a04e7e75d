#include <doctest/doctest.h>

#include "tools/flow/api.hpp"

using namespace stipend;
using namespace stipend::flow;

TEST_CASE("events are read whatever the parts they come in") {
    const std::string_view text =
        ":\n\nid: 1.0\nevent: payment\ndata: {\"epoch\":1}\n\nid: 2.0\nevent: state\ndata: {\"to\":\"x\"}\n\n";
    for (std::size_t size = 1; size <= text.size(); ++size) {
        std::string got;
        EventParser parser([&](const std::string& name, const Json& data) { got += name + data.dump(); });
        for (std::size_t at = 0; at < text.size(); at += size) REQUIRE(parser.take(text.substr(at, size)).ok());
        CHECK(got == "payment{\"epoch\":1}state{\"to\":\"x\"}");
    }
}

TEST_CASE("an event that is no JSON, or has no end, is refused") {
    EventParser parser([](const std::string&, const Json&) {});
    CHECK(parser.take("event: payment\ndata: {\n\n").error().status == STIPEND_E_INVALID);
    EventParser endless([](const std::string&, const Json&) {});
    const std::string part(1 << 18, 'x');
    Result<void> last;
    for (int i = 0; i < 5 && last; ++i) last = endless.take(part);
    REQUIRE_FALSE(last.ok());
    CHECK(last.error().status == STIPEND_E_LIMIT);
}

TEST_CASE("a key is not sent unencrypted beyond this machine, unless that is asked for") {
    ::setenv("STIPEND_API_KEY", "k", 1);
    CHECK(Api::create({.url = "http://127.0.0.1:1"}).ok());
    CHECK(Api::create({.url = "http://payer.example:1", .plain_http = true}).ok());
    for (const auto* url : {"http://payer.example:1", "http://127.0.0.1@payer.example", "http://127.0.0.1.example",
                            "ftp://127.0.0.1", "payer.example", "http://localhost.example"}) {
        CHECK_MESSAGE(Api::create({.url = url}).error().status == STIPEND_E_INVALID, url);
    }
    ::unsetenv("STIPEND_API_KEY");
    CHECK(Api::create({.url = "http://127.0.0.1:1"}).error().message.starts_with("no key"));
    CHECK_FALSE(Api::create({.url = "http://127.0.0.1:1", .key_file = "/nonexistent/key"}).ok());
}
