#include "payload.hpp"

#include <doctest/doctest.h>

#include "stipend/json_parse.hpp"
#include "stipend/testing/records.hpp"

using namespace alert;
using stipend::AlertMessage;
using stipend::Json;
using stipend::testing::FakeAlert;

namespace {

FakeAlert hostile() {
    return {.severity = STIPEND_ALERT_CRITICAL,
            .delivery_id = "00112233445566778899aabbccddeeff",
            .alert_id = "suspended:@everyone\"\\",
            .title = "suspended:@everyone",
            .body = "<!channel> \xE2\x80\xAE**gone**\x1B[31m",
            .labels_json = R"({"host":"gw-1","subject":"@everyone"})",
            .starts_at = 1'800'000'000'000'000'000};
}

struct Given {
    std::vector<FakeAlert> alerts;
    std::uint64_t omitted = 0, dropped = 0;
    [[nodiscard]] AlertMessage message() const {
        AlertMessage out{.omitted = omitted, .dropped = dropped};
        for (const auto& one : alerts) out.alerts.push_back(one.raw());
        return out;
    }
};

Json sent(Format format, const Given& given) {
    auto json = stipend::parse_json(payload({.format = format, .chat_id = "-100"}, given.message()));
    REQUIRE(json.ok());
    return std::move(*json);
}

}  // namespace

TEST_CASE("json has the documented shape, with every text clean") {
    auto resolved = hostile();
    resolved.status = STIPEND_ALERT_RESOLVED;
    resolved.ends_at = 1'800'000'061'500'000'000;
    const auto json = sent(Format::json, {{hostile(), resolved}, 3, 4});
    CHECK(
        json.dump() ==
        R"({"version":1,"alerts":[{"delivery_id":"00112233445566778899aabbccddeeff","alert_id":"suspended:@everyone\"\\",)"
        R"("status":"firing","severity":"critical","title":"suspended:@everyone","body":"<!channel> **gone**[31m",)"
        R"("labels":{"host":"gw-1","subject":"@everyone"},"starts_at":"2027-01-15T08:00:00Z","ends_at":null,)"
        R"("repeated":false,"test":false},{"delivery_id":"00112233445566778899aabbccddeeff",)"
        R"("alert_id":"suspended:@everyone\"\\","status":"resolved","severity":"critical","title":"suspended:@everyone",)"
        R"("body":"<!channel> **gone**[31m","labels":{"host":"gw-1","subject":"@everyone"},)"
        R"("starts_at":"2027-01-15T08:00:00Z","ends_at":"2027-01-15T08:01:01Z","repeated":false,"test":false}],)"
        R"("omitted":3,"dropped":4})");
}

TEST_CASE("discord obeys no mention in a message") {
    const auto json = sent(Format::discord, {{hostile()}});
    CHECK(json.find("allowed_mentions")->dump() == R"({"parse":[]})");
    CHECK(json.find("flags")->text() == "4");
    CHECK(json.find("content")->text() ==
          "stipend on gw\\-1\n\\[CRITICAL\\] suspended\\:\\@\xE2\x80\x8B"
          "everyone since "
          "2027\\-01\\-15T08\\:00\\:00Z\n\\<!channel\\> \\*\\*gone\\*\\*\\[31m");
}

TEST_CASE("slack and telegram get the text without markup") {
    const auto slack = sent(Format::slack, {{hostile()}});
    CHECK(slack.find("mrkdwn")->text() == "false");
    CHECK(slack.find("link_names")->text() == "false");
    CHECK(slack.find("text")->text().find("&lt;!channel&gt;") != std::string::npos);
    CHECK(slack.find("text")->text().find("<") == std::string::npos);
    const auto telegram = sent(Format::telegram, {{hostile()}});
    CHECK(telegram.find("chat_id")->text() == "-100");
    CHECK(telegram.find("parse_mode") == nullptr);
    CHECK(
        telegram.find("text")->text().starts_with("stipend on gw-1\n[CRITICAL] suspended:@\xE2\x80\x8B"
                                                  "everyone"));
}

TEST_CASE("the first line says what an alert is") {
    FakeAlert one{.alert_id = "a", .title = "a", .body = "b", .starts_at = 1'800'000'000'000'000'000};
    const auto text = [&] { return text_of(Format::telegram, Given{{one}}.message()); };
    CHECK(text() == "[WARNING] a since 2027-01-15T08:00:00Z\nb");
    one.flags = STIPEND_ALERT_REPEATED;
    CHECK(text() == "[WARNING, still] a since 2027-01-15T08:00:00Z\nb");
    one.flags = STIPEND_ALERT_TEST;
    CHECK(text() == "[TEST] a since 2027-01-15T08:00:00Z\nb");
    one.flags = 0;
    one.status = STIPEND_ALERT_RESOLVED;
    one.ends_at = 1'800'000'060'000'000'000;
    CHECK(text() == "[RESOLVED] a from 2027-01-15T08:00:00Z to 2027-01-15T08:01:00Z\nb");
}

TEST_CASE("a full message fits into the channel's limit, names every alert, and says what it leaves out") {
    Given given{.omitted = 17, .dropped = 3};
    for (int n = 0; n < 20; ++n) {
        auto one = hostile();
        one.title = "x:" + std::to_string(n) + "!";
        one.body = std::string(4200, '*');
        given.alerts.push_back(one);
    }
    for (const auto format : {Format::discord, Format::slack, Format::telegram}) {
        const auto text = text_of(format, given.message());
        CHECK(utf16_length(text) <= longest_text(format));
        for (int n = 0; n < 20; ++n) CHECK(text.find(":" + std::to_string(n) + "!") != std::string::npos);
        CHECK(text.find("and 17 more") != std::string::npos);
        CHECK(text.find("3 alerts before were lost") != std::string::npos);
    }
}
