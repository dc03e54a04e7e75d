#include "host/http/name_check.hpp"

#include <doctest/doctest.h>
#include <netdb.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace stipend::http;

namespace {

NameLookup says(NameAnswer answer) {
    return [answer](const std::string&) { return answer; };
}

}  // namespace

TEST_CASE("codes of the system's resolver are distinguished") {
    CHECK(name_answer_of(0) == NameAnswer::found);
    CHECK(name_answer_of(EAI_NONAME) == NameAnswer::none);
    CHECK(name_answer_of(EAI_AGAIN) == NameAnswer::silent);
    CHECK(name_answer_of(EAI_MEMORY) == NameAnswer::local);
    CHECK(ask_system("127.0.0.1") == NameAnswer::found);
}

TEST_CASE("a resolver failed only where it is silent about a name of its own choice, too") {
    using enum NameAnswer;
    for (const auto control : {found, none, silent, local}) {
        CHECK_FALSE(resolver_failed("a", says(none), says(control)));
        CHECK_FALSE(resolver_failed("a", says(found), says(control)));
        CHECK(resolver_failed("a", says(local), says(control)));
        // A target that breaks the servers of its own name does not pass for a broken resolver.
        CHECK(resolver_failed("a", says(silent), says(control)) == (control == silent || control == local));
    }
}

TEST_CASE("a check reports each name once, and a later name reuses the control") {
    std::vector<std::string> asked;  // read after both ends only
    std::promise<bool> first;
    std::promise<bool> second;
    NameCheck check(
        [&](const std::string& name) {
            asked.push_back(name);
            return NameAnswer::silent;
        },
        [&](std::uint64_t op, bool failed) { (op == 1 ? first : second).set_value(failed); });
    REQUIRE(check.start(1, "a"));
    CHECK(first.get_future().get());
    REQUIRE(check.start(2, "b"));
    CHECK(second.get_future().get());
    REQUIRE(asked.size() == 3);
    CHECK(asked[0] == "a");
    CHECK(asked[1].ends_with(".example."));
    CHECK(asked[2] == "b");
}

TEST_CASE("a check that is destroyed reports nothing more, and does not wait for its lookup") {
    std::promise<void> begun;
    auto release = std::make_shared<std::promise<void>>();
    bool reported = false;
    {
        NameCheck check(
            [&begun, gate = release->get_future().share()](const std::string&) {
                begun.set_value();
                gate.wait();
                return NameAnswer::none;
            },
            [&reported](std::uint64_t, bool) { reported = true; });
        REQUIRE(check.start(1, "a"));
        begun.get_future().wait();
    }
    release->set_value();
    CHECK_FALSE(reported);
}
