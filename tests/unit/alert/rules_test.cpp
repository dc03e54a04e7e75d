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

TEST_CASE("routes match by labels, each an exact text or a pattern") {
    const Rules rules{.receivers = {{.name = "all"}, {.name = "own"}, {.name = "kinds"}, {.name = "some"}},
                      .routes = {{.orchestrator = "*", .receivers = {"all"}},
                                 {.orchestrator = "https://o:9995", .receivers = {"own"}},
                                 {.kind = "fees*", .subject = "https:*", .receivers = {"kinds"}},
                                 {.severity = STIPEND_ALERT_CRITICAL, .kind = "gateway", .receivers = {"some"}}}};
    CHECK(receivers_of(rules, "suspended:https://o:9995", STIPEND_ALERT_WARNING) == Names{"all", "own"});
    CHECK(receivers_of(rules, "objection:https://p:9995", STIPEND_ALERT_WARNING) == Names{"all"});
    CHECK(receivers_of(rules, "fees-reported:https://o:9995", STIPEND_ALERT_WARNING) == Names{"all", "own", "kinds"});
    CHECK(receivers_of(rules, "fees", STIPEND_ALERT_CRITICAL).empty());
    CHECK(receivers_of(rules, "gateway", STIPEND_ALERT_WARNING).empty());
    CHECK(receivers_of(rules, "gateway", STIPEND_ALERT_CRITICAL) == Names{"some"});
    // It ends like an orchestrator's id, and is about a plugin.
    CHECK(receivers_of(rules, "plugins:https://o:9995", STIPEND_ALERT_CRITICAL).empty());
}
