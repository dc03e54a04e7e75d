// The routes that look back, over reads that a test decides.
#include "host/api/past_routes.hpp"

#include "host/base/time.hpp"
#include "store_fixture.hpp"

using namespace stipend;
using namespace stipend::api;
using namespace stipend::api::testing;

namespace {

class NoonClock final : public Clock {
  public:
    [[nodiscard]] stipend_unix_ns now() const override { return noon; }
    [[nodiscard]] stipend_mono_ns monotonic() const override { return 0; }
};

class SomePast final : public PastReads {
  public:
    Result<Then> then(stipend_unix_ns at, std::string_view orchestrator) override {
        asked += cat("then ", at / second, " ", orchestrator, ";");
        if (inside) std::exchange(inside, nullptr)();
        if (at == 0) return fail(STIPEND_E_INVALID, "that is archived");
        if (at == second) return fail(STIPEND_E_LIMIT, "too far back");
        if (orchestrator == "unknown") return Then{.row = 9};
        Then out{.row = 9};
        for (int i = 0; i < rows; ++i) out.items.push_back(Json(i));
        return out;
    }
    Result<std::optional<ListPart>> changes(std::string_view orchestrator, std::optional<std::int64_t> before,
                                            std::size_t limit) override {
        asked += cat("changes ", orchestrator, " ", before.value_or(-1), " ", limit, ";");
        if (orchestrator != "a:1") return std::optional<ListPart>();
        return std::optional(ListPart{.items = {Json(1)}, .next = 4});
    }
    Result<std::optional<Json>> observations(std::string_view orchestrator, stipend_unix_ns from,
                                             stipend_unix_ns to) override {
        asked += cat("observations ", (noon - from) / second, " ", (noon - to) / second, ";");
        if (orchestrator != "a:1") return std::optional<Json>();
        return std::optional(Json::object());
    }
    std::string asked;
    int rows = 5;
    std::function<void()> inside;
};

struct PastScene {
    NoonClock clock;
    SomePast past;
    std::vector<ApiRoute> routes = past_routes(past, clock);

    Reply get(std::size_t route, Query query, const std::string& id = {}) {
        Request request;
        if (!id.empty()) request.path.emplace("id", id);
        request.query = std::move(query);
        return routes.at(route).handler(request);
    }
    std::string asked() { return std::exchange(past.asked, {}); }
};

const std::string noon_text = "2026-11-26T12:00:00Z";

}  // namespace

TEST_CASE("a time is looked up once for all parts of its answer") {
    PastScene scene;
    auto reply = scene.get(0, {{"at", noon_text}, {"limit", "2"}});
    CHECK(reply.status == 200);
    CHECK(reply.body ==
          "{\"at\":\"2026-11-26T12:00:00.000Z\",\"row\":9,\"orchestrators\":[0,1],\"next_cursor\":\"t2\"}\n");
    reply = scene.get(0, {{"at", noon_text}, {"limit", "2"}, {"cursor", "t2"}});
    CHECK(reply.body.find("[2,3],\"next_cursor\":\"t4\"") != std::string::npos);
    reply = scene.get(0, {{"at", noon_text}, {"limit", "2"}, {"cursor", "t4"}});
    CHECK(reply.body.find("[4],\"next_cursor\":null") != std::string::npos);
    CHECK(scene.asked() == "then 1795694400 ;");
    // Asked anew, or for another time or orchestrator in between, it is looked up anew.
    CHECK(scene.get(0, {{"at", noon_text}, {"limit", "2"}}).status == 200);
    CHECK(scene.get(0, {{"at", noon_text}, {"orchestrator", "a:1"}, {"limit", "2"}, {"cursor", "t2"}}).status == 200);
    CHECK(scene.get(0, {{"at", noon_text}, {"limit", "2"}, {"cursor", "t2"}}).status == 200);
    CHECK(scene.asked() == "then 1795694400 ;then 1795694400 a:1;then 1795694400 ;");
    // A cursor behind the end is the end.
    scene.past.rows = 0;
    CHECK(scene.get(0, {{"at", noon_text}, {"cursor", "t7"}, {"limit", "1"}}).body.find("[],\"next_cursor\":null") !=
          std::string::npos);
}

TEST_CASE("what cannot be looked up says why") {
    PastScene scene;
    CHECK(scene.get(0, {}).status == 400);
    CHECK(scene.get(0, {{"at", "yesterday"}}).status == 400);
    CHECK(scene.get(0, {{"at", noon_text}, {"cursor", "p1"}}).status == 400);
    CHECK(scene.get(0, {{"at", noon_text}, {"orchestrator", ""}}).status == 400);
    CHECK(scene.asked().empty());
    CHECK(scene.get(0, {{"at", "1970-01-01T00:00:00Z"}}).status == 422);
    CHECK(scene.get(0, {{"at", "1970-01-01T00:00:01Z"}}).body.find("too far back") != std::string::npos);
    CHECK(scene.get(0, {{"at", noon_text}, {"orchestrator", "unknown"}}).status == 404);
    int within = 0;
    scene.past.inside = [&] { within = scene.get(0, {{"at", noon_text}}).status; };
    CHECK(scene.get(0, {{"at", noon_text}}).status == 200);
    CHECK(within == 503);
}

TEST_CASE("changes come in parts, and observations of a day unless a stretch is given") {
    PastScene scene;
    CHECK(scene.get(1, {{"cursor", "h7"}, {"limit", "3"}}, "a:1").body == "{\"changes\":[1],\"next_cursor\":\"h4\"}\n");
    CHECK(scene.get(1, {}, "b:1").status == 404);
    CHECK(scene.get(1, {{"cursor", "t7"}}, "a:1").status == 400);
    CHECK(scene.asked() == "changes a:1 7 3;changes b:1 -1 100;");
    CHECK(scene.get(2, {}, "a:1").status == 200);
    CHECK(scene.get(2, {}, "b:1").status == 404);
    CHECK(scene.get(2, {{"from", utc_text(noon - 3600 * second)}, {"to", utc_text(noon - second)}}, "a:1").status ==
          200);
    CHECK(scene.asked() == "observations 86400 0;observations 86400 0;observations 3600 1;");
    CHECK(scene.get(2, {{"from", utc_text(noon)}}, "a:1").status == 400);
    CHECK(scene.get(2, {{"from", utc_text(noon - 32 * 86400 * second)}}, "a:1").status == 400);
    CHECK(scene.get(2, {{"to", "x"}}, "a:1").status == 400);
    CHECK(scene.asked().empty());
}
