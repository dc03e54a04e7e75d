// The reasons in the evidence of monitors, as people read them.
#include "host/worker/services_view.hpp"

#include <doctest/doctest.h>

using stipend::worker::reason_of;

TEST_CASE("a reason is a sentence, whatever form a monitor's evidence has") {
    CHECK(reason_of(R"({"why":"cannot connect: Permission denied"})") == "cannot connect: Permission denied");
    CHECK(reason_of(R"({"image":"img","why":"label stipend.monitor=true"})") == "label stipend.monitor=true");
    CHECK(reason_of(R"({"state":"other","restarts":0})") == "its state is other");
    CHECK(reason_of("connected in 3 ms") == "connected in 3 ms");
    CHECK(reason_of("").empty());
    CHECK(reason_of(R"({"why":7})") == R"({"why":7})");
    CHECK(reason_of(R"({"why":"cut off)") == R"({"why":"cut off)");
}

TEST_CASE("the number of restarts is read from evidence that has one") {
    using stipend::worker::restarts_of;
    CHECK(restarts_of(R"({"state":"running","restarts":3})") == 3);
    CHECK(restarts_of(R"({"state":"running","restarts":0})") == 0);
    for (const char* text : {"", "restarts: 3", "{}", R"({"restarts":"3"})", R"({"restarts":-1})", R"({"restarts":3)",
                             R"({"restarts":99999999999})"})
        CHECK(!restarts_of(text));
}
