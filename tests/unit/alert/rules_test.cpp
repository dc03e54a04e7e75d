#include "host/alert/rules.hpp"

#include <doctest/doctest.h>

using namespace stipend::alert;
using Names = std::vector<std::string>;

TEST_CASE("without routes every alert goes to every receiver") {
    const Rules rules{.receivers = {{.name = "a"}, {.name = "b"}}};
    CHECK(receivers_of(rules, "gateway", STIPEND_ALERT_INFO) == Names{"a", "b"});
    CHECK(receivers_of({}, "gateway", STIPEND_ALERT_INFO).empty());
}

TEST_CASE("routes match by severity and by id, and each receiver is named once") {
    const Rules rules{.receivers = {{.name = "chat"}, {.name = "phone"}},
                      .routes = {{.severity = STIPEND_ALERT_CRITICAL, .receivers = {"phone"}},
                                 {.match = "suspended:*", .receivers = {"chat"}},
                                 {.match = "fees", .receivers = {"chat", "phone"}}}};
    CHECK(receivers_of(rules, "gateway", STIPEND_ALERT_CRITICAL) == Names{"phone"});
    CHECK(receivers_of(rules, "gateway", STIPEND_ALERT_WARNING).empty());
    CHECK(receivers_of(rules, "suspended:orch-1", STIPEND_ALERT_WARNING) == Names{"chat"});
    CHECK(receivers_of(rules, "suspended", STIPEND_ALERT_WARNING).empty());
    CHECK(receivers_of(rules, "fees", STIPEND_ALERT_CRITICAL) == Names{"chat", "phone"});
    CHECK(receivers_of(rules, "fees:orch-1", STIPEND_ALERT_WARNING).empty());
}

TEST_CASE("an alert about a receiver is sent by the others") {
    const Rules rules{.receivers = {{.name = "chat"}, {.name = "chat2"}}};
    CHECK(receivers_of(rules, "alert-chat:undelivered", STIPEND_ALERT_WARNING) == Names{"chat2"});
    CHECK(receivers_of(rules, "alert-chat2:unanswered", STIPEND_ALERT_WARNING) == Names{"chat"});
}
