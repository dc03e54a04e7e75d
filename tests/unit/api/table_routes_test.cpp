// The routes of the policy's tables: which accounts reach them, what a body may hold, and that a change names the
// version that it is made from.
#include "host/api/table_routes.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <thread>

#include "host/base/time.hpp"
#include "host/config/reference.hpp"
#include "stipend/decimal.hpp"
#include "stipend/json_parse.hpp"

using namespace stipend;
using namespace stipend::api;

namespace {

class SomeTables final : public PolicyTables {
  public:
    Result<Shown> now() override {
        if (broken) return *broken;
        return Shown{.body = Json::object().append("file", "tables.yaml"), .version = "v1"};
    }
    Result<Json> check(const Draft& draft) override { return note(cat("check ", draft.text, draft.accept_spend)); }
    Result<Json> replay(const std::string& text, Span span) override {
        return note(cat("replay ", text, " ", utc_text(span.from), " ", utc_text(span.to)));
    }
    Result<Json> replay_demand(const DemandDraft& draft, Span span) override {
        std::string what = draft.recorded ? "recorded" : "rules";
        for (const auto& member : demand_rule_members()) {
            if (const auto value = draft.*(member.value)) what += cat(" ", member.name, "=", *value);
        }
        return note(cat(what, " ", utc_text(span.from), " ", utc_text(span.to)));
    }
    Result<Changed> change(const Change& change) override {
        STIPEND_TRY(note(cat("change ", change.draft ? change.draft->text : "former", " ", change.expected, " ",
                             change.accept_spend, " ", change.by, " ", change.reason)));
        Changed out{.is = is, .body = Json::object(), .why = "gap", .version = "v2"};
        return out;
    }
    std::string asked;
    std::optional<Error> broken;
    Changed::Is is = Changed::Is::done;
    std::function<void()> inside;

  private:
    Result<Json> note(std::string what) {
        asked = std::move(what);
        if (inside) inside();
        if (broken) return *broken;
        return Json::object().append("valid", true);
    }
};

constexpr const char* tables_path = "/api/v1/policy/tables";

struct TablesScene {
    SomeTables tables;
    SystemClock clock;
    std::vector<ApiRoute> routes = table_routes(tables, clock);

    Reply ask(std::string_view method, std::string_view path, std::string_view body = "{}", std::string match = {}) {
        for (const auto& route : routes) {
            if (route.method != method || route.path != path) continue;
            Request request;
            request.body = *parse_json(body);
            request.if_match = std::move(match);
            request.principal = Principal{.name = "a@example.com", .role = auth::AccessRole::admin};
            return route.handler(request);
        }
        return {.status = 404};
    }
};

}  // namespace

TEST_CASE("all that may read the status see the tables, and administrators alone try or change them") {
    TablesScene scene;
    CHECK(scene.routes.size() == 6);
    for (const auto& route : scene.routes) {
        CHECK(route.permission ==
              (route.method == "GET" ? auth::Permission::status_read : auth::Permission::policy_write));
        CHECK(!route.own);
        CHECK(!route.by_secret);
    }
    const auto shown = scene.ask("GET", tables_path);
    CHECK(shown.status == 200);
    CHECK(shown.headers == "ETag: \"v1\"\r\n");
    scene.tables.broken = fail(STIPEND_E_CONFLICT, "the configuration names no file of tables");
    CHECK(scene.ask("GET", tables_path).status == 409);
}

TEST_CASE("a change names the version that it is made from, and what it is for") {
    TablesScene scene;
    const auto* body = R"({"text":"a: []\n","reason":"less at night","accept_spend":true})";
    CHECK(scene.ask("PUT", tables_path, body).status == 428);
    for (const auto* match : {"v1", "\"\"", "*", "\""}) CHECK(scene.ask("PUT", tables_path, body, match).status == 422);
    CHECK(scene.tables.asked.empty());
    const auto done = scene.ask("PUT", tables_path, body, "\"v1\"");
    CHECK(done.status == 200);
    CHECK(done.headers == "ETag: \"v2\"\r\n");
    CHECK(scene.tables.asked == "change a: []\n v1 1 api:a@example.com less at night");
    CHECK(scene.ask("POST", cat(tables_path, "/undo"), R"({"reason":"no"})", "\"v2\"").status == 200);
    CHECK(scene.tables.asked == "change former v2 0 api:a@example.com no");
    scene.tables.is = PolicyTables::Changed::Is::other_version;
    CHECK(scene.ask("PUT", tables_path, body, "\"v1\"").status == 412);
    scene.tables.is = PolicyTables::Changed::Is::refused;
    const auto refused = scene.ask("PUT", tables_path, body, "\"v1\"");
    CHECK(refused.status == 422);
    CHECK(refused.body.find("gap") != std::string::npos);
}

TEST_CASE("a body with anything else is refused") {
    TablesScene scene;
    const auto large = cat(R"({"reason":"r","text":")", std::string((64 << 10) + 1, ' '), "\"}");
    for (const auto* body : {R"({"text":"a"})", R"({"reason":"r"})", R"({"text":"a","reason":""})",
                             R"({"text":1,"reason":"r"})", R"({"text":"a","reason":"r","accept_spend":1})",
                             R"({"text":"a","reason":"r","version":"v1"})", large.c_str()}) {
        CHECK_MESSAGE(scene.ask("PUT", tables_path, body, "\"v1\"").status == 422, std::string(body).substr(0, 80));
    }
    CHECK(scene.ask("POST", cat(tables_path, "/undo"), R"({"reason":"r","text":"a"})", "\"v1\"").status == 422);
    CHECK(scene.ask("POST", cat(tables_path, "/undo"), "{}", "\"v1\"").status == 422);
    CHECK(scene.ask("POST", cat(tables_path, "/check"), "{}").status == 422);
    CHECK(scene.ask("POST", cat(tables_path, "/check"), R"({"text":"a","reason":"r"})").status == 422);
    CHECK(scene.tables.asked.empty());
}

TEST_CASE("a replay is of a time that is bounded") {
    TablesScene scene;
    const auto path = cat(tables_path, "/replay");
    const auto replay = [&](const char* from, const char* to) {
        return scene.ask("POST", path, cat(R"({"text":"","from":")", from, R"(","to":")", to, "\"}")).status;
    };
    CHECK(replay("2026-11-01T00:00:00Z", "2026-11-22T00:00:00Z") == 200);
    CHECK(scene.tables.asked == "replay  2026-11-01T00:00:00.000Z 2026-11-22T00:00:00.000Z");
    CHECK(replay("2026-11-22T00:00:00Z", "2026-11-22T00:00:00Z") == 422);
    CHECK(replay("2026-08-01T00:00:00Z", "2026-11-22T00:00:00Z") == 422);
    CHECK(replay("yesterday", "2026-11-22T00:00:00Z") == 422);
    CHECK(scene.ask("POST", path, R"({"text":"a"})").status == 200);  // the last seven days
    scene.tables.broken = fail(STIPEND_E_LIMIT, "the replay takes more than 10s");
    CHECK(scene.ask("POST", path, R"({"text":"a"})").status == 422);
    scene.tables.broken = fail(STIPEND_E_UNAVAILABLE, "generation 1 was decided by code that is not in force any more");
    CHECK(scene.ask("POST", path, R"({"text":"a"})").status == 409);
}

TEST_CASE("pay by demand is replayed by the recorded factors, or by rules within the bounds of the configuration") {
    TablesScene scene;
    constexpr const char* path = "/api/v1/policy/demand/replay";
    const auto replay = [&](std::string_view rules) {
        scene.tables.asked.clear();
        return scene.ask("POST", path,
                         cat(R"({"from":"2026-11-01T00:00:00Z","to":"2026-11-02T00:00:00Z")", rules, "}"));
    };
    constexpr std::string_view span = " 2026-11-01T00:00:00.000Z 2026-11-02T00:00:00.000Z";
    CHECK(replay("").status == 200);
    CHECK(scene.tables.asked == cat("recorded", span));
    CHECK(replay(R"(,"rules":null)").status == 200);
    CHECK(scene.tables.asked == cat("recorded", span));
    CHECK(replay(R"(,"rules":{})").status == 200);
    CHECK(scene.tables.asked == cat("rules", span));
    CHECK(replay(R"(,"rules":{"target":"0.5","every":"90s","floor":"1","ceiling":"1.000001","damping":"0.25",)"
                 R"("largest_step_per_day":"0.1"})")
              .status == 200);
    CHECK(scene.tables.asked == cat("rules target=500000 every=90000000000 floor=1000000 ceiling=1000001 "
                                    "damping=250000 largest_step_per_day=100000",
                                    span));
    for (const auto* rules : {R"([])", R"("")", R"({"target":2})", R"({"target":"2e99"})", R"({"target":"-1"})",
                              R"({"target":"0.0000001"})", R"({"target":"1000001"})", R"({"every":"9s"})",
                              R"({"every":"300"})", R"({"floor":"1.1"})", R"({"ceiling":"0.9"})", R"({"damping":"0"})",
                              R"({"step":"1"})", R"({"damping":"0.2500000000000000000000000000000000000000000000"})"}) {
        const auto refused = replay(cat(",\"rules\":", rules));
        CHECK_MESSAGE(refused.status == 422, rules);
        CHECK_MESSAGE(refused.body.find("\\\"rules\\\"") != std::string::npos, refused.body);
        CHECK(scene.tables.asked.empty());
    }
    CHECK(scene.ask("POST", path, R"({"text":"a"})").status == 422);
    scene.tables.broken = fail(STIPEND_E_LIMIT, "the replay takes more than 10s");
    CHECK(scene.ask("POST", path).status == 422);
}

TEST_CASE("the bounds of rules that are tried are those of the configuration") {
    const auto schema = config::settings_schema();
    const Json* at = &schema;
    for (const auto* step : {"properties", "payment", "properties", "demand", "properties"}) {
        at = at->find(step);
        REQUIRE(at != nullptr);
    }
    CHECK(at->members().size() == demand_rule_members().size());
    for (const auto& member : demand_rule_members()) {
        const auto* rule = at->find(member.name);
        REQUIRE(rule != nullptr);
        const auto& form = rule->find("anyOf")->items().front();
        CHECK((form.find("type")->text() == "string") == member.is_duration);
        if (member.is_duration) continue;  // whose bounds that schema does not name
        const auto same = [](const Json* bound, std::string_view text) {
            REQUIRE(bound != nullptr);
            return Decimal::parse(bound->text())->compare(*Decimal::parse(text)) == 0;
        };
        CHECK(same(form.find("minimum"), member.least));
        CHECK(same(form.find("maximum"), member.most));
    }
}

TEST_CASE("one is tried, replayed or taken at a time, and shown meanwhile") {
    TablesScene scene;
    int change = 0, shown = 0;
    scene.tables.inside = [&] {
        std::thread([&] {
            change = scene.ask("PUT", tables_path, R"({"text":"a","reason":"r"})", "\"v1\"").status;
            shown = scene.ask("GET", tables_path).status;
        }).join();
    };
    CHECK(scene.ask("POST", cat(tables_path, "/replay"), R"({"text":"a"})").status == 200);
    CHECK(change == 503);
    CHECK(shown == 200);
}
