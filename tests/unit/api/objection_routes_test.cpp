// The routes of objections: which credentials object and answer, what a body may hold, and how a part of the list is
// named.
#include "host/api/objection_routes.hpp"

#include <doctest/doctest.h>

using namespace stipend;
using namespace stipend::api;

namespace {

class Recorder final : public Objections {
  public:
    Result<std::optional<ListPart>> list(const Query& query) override {
        asked = cat(query.orchestrator, " ", query.at.value_or(-1), " ", query.limit);
        if (query.orchestrator == "unknown") return std::optional<ListPart>();
        return std::optional(ListPart{.items = {Json::object().append("text", "=1+1")}, .next = 7});
    }
    Result<std::optional<Json>> one(std::string_view id, std::uint64_t epoch) override {
        return id == "a:1" && epoch == 3 ? std::optional(Json::object().append("epoch", 3)) : std::nullopt;
    }
    Result<std::optional<Json>> object(const Json& order) override { return take(order); }
    Result<std::optional<Json>> answer(const Json& order) override { return take(order); }
    [[nodiscard]] Json form() const override { return Json::object().append("text", ""); }

    std::string asked;
    std::optional<Error> broken;

  private:
    Result<std::optional<Json>> take(const Json& order) {
        asked = order.dump();
        if (broken) return *broken;
        return std::optional(Json::object().append("state", "open"));
    }
};

class ObjectionScene {
  public:
    Reply ask(std::string_view method, std::string_view path, std::string_view body,
              std::optional<Principal> principal = {}, Query query = {}) {
        for (const auto& route : routes) {
            const auto values = match_path(route.path, path);
            if (!values || route.method != method) continue;
            Request request;
            for (const auto& [name, value] : *values) request.path.emplace(name, value);
            request.query = std::move(query);
            request.principal = std::move(principal);
            auto parsed = parse_json(body, {});
            REQUIRE(parsed.ok());
            request.body = std::move(*parsed);
            return route.handler(request);
        }
        FAIL("no such route");
        return {};
    }
    Recorder desk;
    std::vector<ApiRoute> routes = objection_routes(desk);
};

Principal staff(auth::AccessRole role) {
    return {.name = "a@example.com", .role = role, .permissions = auth::Permissions::of(role)};
}

constexpr const char* objection_path = "/api/v1/livepeer/orchestrators/a:1/payments/3/objection";
constexpr const char* answer_path = "/api/v1/livepeer/orchestrators/a:1/payments/3/objection/answer";
constexpr const char* objections_path = "/api/v1/livepeer/objections";

}  // namespace

TEST_CASE("only the orchestrator itself objects, and is recorded by what it was known") {
    ObjectionScene scene;
    CHECK(scene.ask("POST", objection_path, R"({"text": "we were up"})", staff(auth::AccessRole::admin)).status == 403);
    CHECK(scene.desk.asked.empty());
    CHECK(scene.ask("POST", objection_path, R"({"text": "we were up"})").status == 200);
    CHECK(scene.desk.asked == R"({"orchestrator":"a:1","epoch":3,"text":"we were up","by":"secret"})");
    Principal wallet{.name = "wallet", .orchestrator = "a:1", .wallet = "0xab"};
    CHECK(scene.ask("POST", objection_path, R"({"text": "we were up"})", wallet).status == 200);
    CHECK(scene.desk.asked.ends_with(R"("by":"wallet:0xab"})"));
    for (const auto* body : {"{}", R"({"text": ""})", R"({"text": 1})", R"({"text": "x", "epoch": 4})"}) {
        CAPTURE(body);
        CHECK(scene.ask("POST", objection_path, body).status == 422);
    }
    CHECK(scene.ask("POST", objection_path, cat(R"({"text": ")", std::string(2001, 'x'), R"("})")).status == 422);
    CHECK(scene.ask("POST", "/api/v1/livepeer/orchestrators/a:1/payments/x/objection", R"({"text": "x"})").status ==
          404);
    scene.desk.broken = fail(STIPEND_E_LIMIT, "too many today");
    const auto many = scene.ask("POST", objection_path, R"({"text": "x"})");
    CHECK(many.status == 429);
    CHECK(many.headers.find("Retry-After: ") != std::string::npos);
}

TEST_CASE("an operator answers by a reason, and only an account that may adjust pays") {
    ObjectionScene scene;
    const auto ask = [&](const char* body, auth::AccessRole role) {
        return scene.ask("POST", answer_path, body, staff(role)).status;
    };
    CHECK(ask(R"({"reason": "it was down"})", auth::AccessRole::operator_) == 200);
    CHECK(scene.desk.asked == R"({"orchestrator":"a:1","epoch":3,"reason":"it was down","by":"api:a@example.com"})");
    scene.desk.asked.clear();
    CHECK(ask(R"({"reason": "right", "amount_usd": 1.5})", auth::AccessRole::operator_) == 403);
    CHECK(scene.desk.asked.empty());
    CHECK(ask(R"({"reason": "right", "amount_usd": 1.50000001})", auth::AccessRole::admin) == 200);
    CHECK(scene.desk.asked.ends_with(R"("usd":"1.50000001"})"));
    for (const auto* body : {"{}", R"({"reason": "x", "amount_usd": true})", R"({"reason": "x", "usd": 1})"}) {
        CAPTURE(body);
        CHECK(ask(body, auth::AccessRole::admin) == 422);
    }
    scene.desk.broken = fail(STIPEND_E_UNAVAILABLE, "no rate");
    CHECK(ask(R"({"reason": "right", "amount_usd": 1})", auth::AccessRole::admin) == 503);
    const auto& route = scene.routes.back();
    CHECK((route.path.ends_with("/answer") && !route.own && route.permission == auth::Permission::objections_answer));
}

TEST_CASE("the list goes on by its cursor, and a spreadsheet runs no text of it") {
    ObjectionScene scene;
    const auto first = scene.ask("GET", objections_path, "{}", {}, {{"limit", "1"}});
    CHECK(first.body.find(R"("next_cursor":"b7")") != std::string::npos);
    CHECK(scene.ask("GET", objections_path, "{}", {}, {{"cursor", "b7"}}).status == 200);
    CHECK(scene.desk.asked == " 7 100");
    CHECK(scene.ask("GET", objections_path, "{}", {}, {{"orchestrator", "a:1"}, {"cursor", "c9"}}).status == 200);
    CHECK(scene.desk.asked == "a:1 9 100");
    CHECK(scene.ask("GET", objections_path, "{}", {}, {{"orchestrator", "a:1"}, {"cursor", "b7"}}).status == 400);
    CHECK(scene.ask("GET", objections_path, "{}", {}, {{"orchestrator", "unknown"}}).status == 404);
    CHECK(scene.ask("GET", objections_path, "{}", {}, {{"format", "xml"}}).status == 400);
    CHECK(scene.ask("GET", objections_path, "{}", {}, {{"limit", "201"}}).status == 400);
    const auto csv = scene.ask("GET", objections_path, "{}", {}, {{"format", "csv"}});
    CHECK(csv.body.find("'=1+1") != std::string::npos);
    CHECK(csv.headers.find("Link: <?cursor=b7>") != std::string::npos);
    CHECK(scene.ask("GET", objection_path, "{}").body == "{\"epoch\":3}\n");
    CHECK(scene.ask("GET", "/api/v1/livepeer/orchestrators/a:1/payments/4/objection", "{}").status == 404);
}
