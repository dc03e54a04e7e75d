// The routes of the manager's API over reads that a test decides, and their description.
#include "host/api/manager_routes.hpp"
#include "host/api/objection_routes.hpp"
#include "host/api/wallet_login.hpp"
#include "host/base/sha256.hpp"
#include "host/base/thread_pool.hpp"

#include <functional>
#include <set>
#include <thread>
#include <utility>

#include "host/api/analytics_routes.hpp"
#include "host/api/csv.hpp"
#include "host/api/explain_routes.hpp"
#include "host/api/first_account.hpp"
#include "host/api/openapi.hpp"
#include "host/api/order_routes.hpp"
#include "host/api/past_routes.hpp"
#include "host/api/public_status.hpp"
#include "host/api/receipt_routes.hpp"
#include "host/api/registration_routes.hpp"
#include "host/api/session_routes.hpp"
#include "host/api/table_routes.hpp"
#include "host/api/target_routes.hpp"
#include "host/auth/password.hpp"
#include "host/base/file.hpp"
#include "stipend/ascii.hpp"
#include "stipend/json_parse.hpp"
#include "store_fixture.hpp"

using namespace stipend;
using namespace stipend::api;
using namespace stipend::api::testing;

namespace {

class TestClock final : public Clock {
  public:
    [[nodiscard]] stipend_unix_ns now() const override { return noon; }
    [[nodiscard]] stipend_mono_ns monotonic() const override { return at; }
    stipend_mono_ns at = 0;
};

class Reads final : public ManagerReads {
  public:
    [[nodiscard]] std::uint64_t registrations_revision() const override { return revision; }
    Result<Orchestrators> orchestrators(std::optional<std::int64_t> after, std::size_t limit) override {
        asked = cat(after ? std::to_string(*after) : std::string("start"), " ", limit);
        if (broken) return *broken;
        return Orchestrators{.all = {.connected = 4, .disconnected = 2, .unhealthy = 1},
                             .part = {.items = {one(10, Json(30)), one(5, Json()), one(1, Json(10))}, .next = 7}};
    }
    Result<std::optional<Json>> orchestrator(std::string_view id) override {
        return id == "a:1" ? std::optional(one(1, Json())) : std::nullopt;
    }
    Result<std::vector<std::string>> addresses() override { return std::vector<std::string>{"https://a:1"}; }
    Result<std::optional<Part>> payments(const PaymentQuery& query) override {
        asked = cat(query.orchestrator, " ", query.from.value_or(-1), " ", query.before.value_or(-1), " ", query.limit);
        if (query.orchestrator == "unknown") return std::optional<Part>();
        return std::optional(Part{.items = items, .next = 3});
    }
    Result<std::optional<Json>> payment_proof(std::string_view orchestrator, std::uint64_t epoch) override {
        if (epoch == 9) return fail(STIPEND_E_BUSY, "not yet");
        if (orchestrator != "a:1" || epoch > 9) return std::optional<Json>();
        return std::optional(Json::object().append("epoch", epoch));
    }
    Result<std::optional<Part>> payouts(const PayoutQuery& query) override {
        asked = cat(query.orchestrator, query.open ? " open " : " all ", query.before.value_or(-1), " ", query.limit);
        if (query.orchestrator == "unknown") return std::optional<Part>();
        return std::optional(Part{.items = items, .next = 3});
    }
    Result<std::optional<Json>> payout(std::string_view orchestrator, std::int64_t number) override {
        if (orchestrator != "a:1" || number != 1) return std::optional<Json>();
        return std::optional(Json::object().append("payout", number));
    }
    Result<std::optional<Json>> signed_head() override { return head; }
    [[nodiscard]] Json payment_form() const override {
        return Json::object()
            .append("epoch", 0)
            .append("reason", "")
            .append("evidence", Json::object().append("url", ""));
    }
    Result<Health> health() override {
        if (broken) return *broken;
        return well;
    }

    std::uint64_t revision = 0;
    std::string asked;
    std::optional<Json> head;
    std::vector<Json> items;
    std::optional<Error> broken;
    Health well = all_ok();

    static Health all_ok() {
        Health out{.parts = {}, .now = 100 * second_ns};
        for (auto& part : out.parts) part = {HealthState::ok, "", 40 * second_ns};
        return out;
    }

  private:
    static constexpr std::int64_t second_ns = 1'000'000'000;
    static Json one(int calls, Json latency) {
        return Json::object().append("total_calls_processed", calls).append("average_latency_ms", std::move(latency));
    }
};

class NoObjections final : public Objections {
  public:
    Result<std::optional<ListPart>> list(const Query&) override { return std::optional<ListPart>(); }
    Result<std::optional<Json>> one(std::string_view, std::uint64_t) override { return std::optional<Json>(); }
    Result<std::optional<Json>> object(const Json&) override { return std::optional<Json>(); }
    Result<std::optional<Json>> answer(const Json&) override { return std::optional<Json>(); }
    [[nodiscard]] Json form() const override { return Json::object(); }
};

class NoPast final : public PastReads {
  public:
    Result<Then> then(stipend_unix_ns, std::string_view) override { return Then(); }
    Result<std::optional<ListPart>> changes(std::string_view, std::optional<std::int64_t>, std::size_t) override {
        return std::optional<ListPart>();
    }
    Result<std::optional<Json>> observations(std::string_view, stipend_unix_ns, stipend_unix_ns) override {
        return std::optional<Json>();
    }
};

class NoTables final : public PolicyTables {
  public:
    Result<Shown> now() override { return none(); }
    Result<Json> check(const Draft&) override { return none(); }
    Result<Json> replay(const std::string&, Span) override { return none(); }
    Result<Json> replay_demand(const DemandDraft&, Span) override { return none(); }
    Result<Changed> change(const Change&) override { return none(); }

  private:
    static Error none() { return fail(STIPEND_E_CONFLICT, "none"); }
};

class SomeExplanations final : public Explanations {
  public:
    Result<std::optional<Json>> explanation(std::string_view orchestrator, std::uint64_t epoch) override {
        if (const auto run = std::exchange(inside, nullptr)) run();
        if (epoch == 3) return fail(STIPEND_E_BUSY, "the ledger of /var/lib cannot be read");
        if (orchestrator != "a:1" || epoch != 7) return std::optional<Json>();
        return std::optional(Json::object().append("epoch", epoch));
    }
    std::function<void()> inside;
};

class SomeReceipts final : public Receipts {
  public:
    Result<std::string> signer() override { return std::string("0xAb"); }
    Result<std::optional<std::string>> receipt(std::string_view orchestrator, std::int64_t payout) override {
        if (payout == 2) return fail(STIPEND_E_STATE, "payout 2 has no receipt: it is sent, want paid");
        if (payout == 3) return fail(STIPEND_E_UNAVAILABLE, "/var/lib/old.db is not found");
        if (orchestrator != "a:1" || payout != 1) return std::optional<std::string>();
        return std::optional(std::string("{\"receipt\":1}"));
    }
    Result<std::optional<StatementText>> statement(std::string_view orchestrator, std::string_view /*network*/,
                                                   std::string_view month, std::string_view format) override {
        if (month == "x") return fail(STIPEND_E_INVALID, "not a month");
        if (month == "1999-01") return fail(STIPEND_E_LIMIT, "too many");
        if (month == "1998-01") return fail(STIPEND_E_INTERNAL, "/var/lib/secret is damaged");
        if (orchestrator != "a:1") return std::optional<StatementText>();
        return std::optional(StatementText{.text = cat(month, " as ", format), .content_type = "text/plain"});
    }
};

class SomeAnalytics final : public Analytics {
  public:
    Result<Made> report(const Query& query) override {
        ++made;
        if (inside) inside();
        if (query.report == "x") return fail(STIPEND_E_INVALID, "no such report");
        if (query.report == "many") return fail(STIPEND_E_LIMIT, "too many checks");
        if (query.report == "damaged") return fail(STIPEND_E_INTERNAL, "/var/lib/ledger.db is damaged");
        return Made{.json = cat("{\"by\":\"", query.by, "\"}\n"), .csv = "a,b\r\n", .html = "<!doctype html>"};
    }
    int made = 0;
    std::function<void()> inside;
};

class NoStatus final : public PublicStatusSource {
  public:
    [[nodiscard]] std::uint64_t revision() override { return 0; }
    void make(Done) override {}
};

class NoTargets final : public AlertTargets {
  public:
    Reply show(const Request&) override { return {}; }
    Reply set(const Request&) override { return {}; }
    Reply remove(const Request&) override { return {}; }
    Reply confirm(const Request&) override { return {}; }
};

class RouteScene {
  public:
    RouteScene() : routes(manager_routes(reads, {*IpRange::parse("10.0.0.0/8")}, clock)) {}
    [[nodiscard]] Reply get(std::string_view path, Query query = {}, std::string_view client = "10.1.2.3",
                            bool relayed = false) const {
        for (const auto& route : routes) {
            const auto values = match_path(route.path, path);
            if (!values) continue;
            Request request;
            for (const auto& [name, value] : *values) request.path.emplace(name, value);
            request.query = std::move(query);
            request.client = *IpAddress::parse(client);
            request.relayed = relayed;
            return route.handler(request);
        }
        FAIL("no such route");
        return {};
    }
    [[nodiscard]] Json body(std::string_view path, Query query = {}) const {
        auto parsed = parse_json(get(path, std::move(query)).body, {});
        REQUIRE(parsed.ok());
        return std::move(*parsed);
    }
    Reads reads;
    TestClock clock;
    std::vector<ApiRoute> routes;
};

constexpr const char* list_path = "/api/v1/livepeer/orchestrators";
constexpr const char* payments_path = "/api/v1/livepeer/payments";
constexpr const char* payouts_path = "/api/v1/livepeer/payouts";

std::string text_at(const Json& json, std::string_view name) {
    const auto* found = json.find(name);
    REQUIRE(found != nullptr);
    return found->dump();
}

class NoRegistrations final : public Registrations {
  public:
    Reply enroll(const Request&) override { return {}; }
    Reply approve(const Request&) override { return {}; }
    Reply disconnect(const Request&) override { return {}; }
    Reply remove(const Request&) override { return {}; }
    Reply rotate(const Request&) override { return {}; }
    Reply prove(const Request&) override { return {}; }
    Reply payout_challenge(const Request&) override { return {}; }
    Reply prove_payout(const Request&) override { return {}; }
    Reply cancel_change(const Request&) override { return {}; }
    Reply invite(const Request&) override { return {}; }
    Reply invitations(const Request&) override { return {}; }
    Reply revoke_invitation(const Request&) override { return {}; }
    Reply invitation(const Request&) override { return {}; }
    std::optional<Reply> refuse_other(const Request& request, std::string_view id) override {
        if (owns(id, sha256(request.credential))) return std::nullopt;
        return problem(401, "another one's");
    }
    [[nodiscard]] bool owns(std::string_view id, const Sha256& hash) override {
        return id == "a:1" && hash == sha256("secret of a:1");
    }
    Result<std::vector<std::string>> owned_by(std::string_view wallet) override {
        if (wallet == "0xa1") return std::vector<std::string>{"a:1"};
        return std::vector<std::string>();
    }
};

class NoEvents final : public EventSource {
  public:
    Result<Part> read(std::int64_t after, std::size_t) override { return Part{.events = {}, .last = after}; }
    Result<std::int64_t> end() override { return 0; }
};

}  // namespace

TEST_CASE("a payment is proven where a head covers it, and the newest head is public") {
    RouteScene scene;
    const auto proof = [&](std::string_view id, std::string_view epoch) {
        return scene.get(cat("/api/v1/livepeer/orchestrators/", id, "/payments/", epoch, "/proof"));
    };
    CHECK(proof("a:1", "3").body == "{\"epoch\":3}\n");
    CHECK(proof("a:1", "10").status == 404);
    CHECK(proof("b:1", "3").status == 404);
    for (const auto* bad : {"-1", "3x", "x", "99999999999999999999"}) CHECK(proof("a:1", bad).status == 404);
    const auto early = proof("a:1", "9");
    CHECK(early.status == 503);
    CHECK(early.headers.find("Retry-After: 60") != std::string::npos);
    CHECK(scene.get("/api/v1/ledger/head").status == 503);
    scene.reads.head = Json::object().append("last", 7);
    CHECK(scene.get("/api/v1/ledger/head").body == "{\"last\":7}\n");
}

TEST_CASE("an offer is asked for one at a time, and what has none says why") {
    std::function<void()> inside;
    const auto route = offer_route([&inside](std::string_view id) -> Result<std::optional<Json>> {
        if (inside) std::exchange(inside, nullptr)();
        if (id == "silent") return fail(STIPEND_E_UNAVAILABLE, "no answer");
        if (id == "broken") return fail(STIPEND_E_INTERNAL, "/var/lib/x");
        return id == "a:1" ? std::optional(Json::object().append("reachable", true)) : std::nullopt;
    });
    const auto get = [&route](const char* id) {
        Request request;
        request.path.emplace("id", id);
        return route.handler(request);
    };
    CHECK(get("a:1").body == "{\"reachable\":true}\n");
    CHECK(get("b:1").status == 404);
    CHECK(get("silent").status == 503);
    CHECK(get("silent").body.find("no answer") != std::string::npos);
    CHECK(get("broken").status == 500);
    int within = 0;
    inside = [&] { within = get("a:1").status; };
    CHECK(get("a:1").status == 200);
    CHECK(within == 503);
}

TEST_CASE("the status is made once a second, however many ask for it; a failure is not kept") {
    TestClock clock;
    int made = 0;
    const auto route = status_route(
        [&made]() -> Result<Json> {
            if (++made == 1) return fail(STIPEND_E_BUSY, "not now");
            return Json::object().append("made", made);
        },
        clock);
    CHECK(route.handler({}).status == 503);
    CHECK(route.handler({}).body == "{\"made\":2}\n");
    clock.at += ns_per_s - 1;
    CHECK(route.handler({}).body == "{\"made\":2}\n");
    clock.at += 1;
    CHECK(route.handler({}).body == "{\"made\":3}\n");
}

TEST_CASE("the description has each route of the table, with its parameters, and no other") {
    const Folder folder;
    const TestClock clock;
    auto access = Access::create(folder.store(), {}, "", noon);
    REQUIRE(access.ok());
    Reads reads;
    auto table = auth_routes(**access, clock, [](const std::string&) {});
    for (auto& route : manager_routes(reads, {}, clock)) table.push_back(std::move(route));
    table.push_back(status_route([] { return Result<Json>(Json::object()); }, clock));
    table.push_back(offer_route({}));
    NoRegistrations registrations;
    for (auto& route : session_routes(**access, clock, &registrations, [](const std::string&) {}))
        table.push_back(std::move(route));
    for (auto& route : registration_routes(registrations)) table.push_back(std::move(route));
    const auto wallet = std::make_shared<WalletLogin>(
        **access, clock, auth::SiweTerms{},
        [](std::string_view) { return Result<std::vector<std::string>>(std::vector<std::string>()); },
        [](const std::string&) {});
    for (auto& route : wallet_routes(wallet)) table.push_back(std::move(route));
    for (auto& route : order_routes({})) table.push_back(std::move(route));
    NoObjections objections;
    for (auto& route : objection_routes(objections)) table.push_back(std::move(route));
    SomeReceipts receipts;
    for (auto& route : receipt_routes(receipts)) table.push_back(std::move(route));
    NoPast past;
    for (auto& route : past_routes(past, clock)) table.push_back(std::move(route));
    SomeExplanations explanations;
    table.push_back(explain_route(explanations));
    NoTables tables;
    for (auto& route : table_routes(tables, clock)) table.push_back(std::move(route));
    SomeAnalytics analytics;
    table.push_back(analytics_route(analytics, clock));
    NoStatus status;
    for (auto& route : public_status_routes(status, clock)) table.push_back(std::move(route));
    NoTargets targets;
    for (auto& route : alert_target_routes(targets)) table.push_back(std::move(route));
    NoEvents events;
    const auto pool = ThreadPool::create(1, "test-pool");
    REQUIRE(pool.ok());
    const auto feed = EventFeed::create(events, clock, (*pool)->make_lane());
    REQUIRE(feed.ok());
    table.push_back(events_route(**feed));
    open_to_owners(table, registrations);
    const auto document = parse_json(openapi_document(), {.bytes = 1 << 20, .depth = 64, .nodes = 100'000});
    REQUIRE(document.ok());
    const auto& components = *document->find("components")->find("parameters");

    std::set<std::string> described;
    for (const auto& [path, methods] : document->find("paths")->members()) {
        for (const auto& [method, operation] : methods.members()) {
            std::string line = cat(method, " ", path);
            std::set<std::string> names;
            if (const auto* parameters = operation.find("parameters")) {
                for (const auto& parameter : parameters->items()) {
                    const auto* reference = parameter.find("$ref");
                    const auto* of = &parameter;
                    if (reference != nullptr) of = components.find(reference->text().substr(24));
                    REQUIRE(of != nullptr);
                    if (of->find("in")->text() == "query") names.insert(of->find("name")->text());
                }
            }
            for (const auto& name : names) line += " " + name;
            if (const auto* security = operation.find("security")) {
                line += " bearer";
                for (const auto& one : security->items()) {
                    if (one.find("ownSecret") != nullptr) line += " secret";
                }
            }
            described.insert(line);
        }
    }
    std::set<std::string> served;
    for (const auto& route : table) {
        std::string line = cat(ascii::to_lower(route.method), " ", route.path);
        for (const auto& name : std::set<std::string_view>(route.query.begin(), route.query.end())) {
            line += cat(" ", name);
        }
        if (route.permission) line += route.by_secret ? " bearer secret" : " bearer";
        served.insert(line);
    }
    CHECK(described == served);
}

TEST_CASE("an analysis is made once, and given again for a while") {
    SomeAnalytics analytics;
    RouteScene scene;
    scene.routes.clear();
    scene.routes.push_back(analytics_route(analytics, scene.clock));
    const auto get = [&](const char* report, Query query = {}) {
        return scene.get(cat("/api/v1/analytics/", report), std::move(query));
    };
    CHECK(get("cost", {{"by", "tier"}}).body == "{\"by\":\"tier\"}\n");
    CHECK(get("cost", {{"by", "tier"}}).status == 200);
    CHECK(get("cost", {{"by", "tier"}, {"format", "csv"}}).body == "a,b\r\n");
    const auto page = get("cost", {{"by", "tier"}, {"format", "html"}});
    CHECK(page.body == "<!doctype html>");
    CHECK(page.headers.find("default-src 'none'") != std::string::npos);
    CHECK(analytics.made == 1);
    CHECK(get("cost").body == "{\"by\":\"\"}\n");
    CHECK(analytics.made == 2);
    scene.clock.at += report_kept_ns;
    CHECK(get("cost").status == 200);
    CHECK(analytics.made == 3);
    CHECK(get("x").status == 400);
    CHECK(get("many").status == 422);
    CHECK(get("damaged").status == 500);
    CHECK(get("damaged").body.find("/var/lib") == std::string::npos);
    CHECK(get("cost", {{"format", "xml"}}).status == 400);
    for (const auto* name : {"by", "format", "from", "month", "to"}) CHECK(get("cost", {{name, ""}}).status == 400);
    int status = 0;
    analytics.inside = [&] { std::thread([&] { status = get("cost", {{"by", "orchestrator"}}).status; }).join(); };
    CHECK(get("cost", {{"by", "capability"}}).status == 200);
    CHECK(status == 503);
}

TEST_CASE("one explanation is made at a time") {
    SomeExplanations explanations;
    RouteScene scene;
    scene.routes.clear();
    scene.routes.push_back(explain_route(explanations));
    const auto get = [&](const char* id, const char* epoch) {
        return scene.get(cat("/api/v1/livepeer/orchestrators/", id, "/payments/", epoch, "/explanation"));
    };
    CHECK(get("a:1", "7").body == "{\"epoch\":7}\n");
    for (const auto* none : {"8", "0", "x", "-1", "99999999999999999999"}) CHECK(get("a:1", none).status == 404);
    CHECK(get("b:1", "7").status == 404);
    CHECK(get("a:1", "3").status == 503);
    CHECK(get("a:1", "3").body.find("/var/lib") == std::string::npos);
    int status = 0;
    explanations.inside = [&] { std::thread([&] { status = get("a:1", "7").status; }).join(); };
    CHECK(get("a:1", "7").status == 200);
    CHECK(status == 503);
}

TEST_CASE("receipts and statements are texts of their own, and what has none says why") {
    SomeReceipts receipts;
    RouteScene scene;
    scene.routes = receipt_routes(receipts);
    CHECK(scene.get("/api/v1/receipts/signer").body == "{\"address\":\"0xAb\",\"scheme\":\"EIP-191\"}\n");
    const auto receipt = [&](const char* id, const char* payout) {
        return scene.get(cat("/api/v1/livepeer/orchestrators/", id, "/payouts/", payout, "/receipt"));
    };
    CHECK(receipt("a:1", "1").body == "{\"receipt\":1}");
    CHECK(receipt("b:1", "1").status == 404);
    for (const auto* none : {"4", "x", "-1", "99999999999999999999", "9223372036854775808"}) {
        CHECK(receipt("a:1", none).status == 404);
    }
    CHECK(receipt("a:1", "2").status == 409);
    CHECK(receipt("a:1", "2").body.find("it is sent, want paid") != std::string::npos);
    CHECK(receipt("a:1", "3").status == 503);
    CHECK(receipt("a:1", "3").body.find("/var/lib") == std::string::npos);
    const auto statement = [&](const char* id, const char* month, Query query = {}) {
        return scene.get(cat("/api/v1/livepeer/orchestrators/", id, "/statements/", month), std::move(query));
    };
    CHECK(statement("a:1", "2026-11").body == "2026-11 as json");
    CHECK(statement("a:1", "2026-11", {{"format", "html"}}).content_type == "text/plain");
    CHECK(statement("a:1", "2026-11", {{"format", "html"}}).headers.find("default-src 'none'") != std::string::npos);
    CHECK(statement("b:1", "2026-11").status == 404);
    CHECK(statement("a:1", "x").status == 400);
    CHECK(statement("a:1", "1999-01").status == 422);
    CHECK(statement("a:1", "1998-01").status == 500);
    CHECK(statement("a:1", "1998-01").body.find("/var/lib") == std::string::npos);
}

TEST_CASE("an orchestrator reads what is its own by its own secret, and nothing else") {
    RouteScene scene;
    NoRegistrations registrations;
    open_to_owners(scene.routes, registrations);
    const auto status = [&](std::string_view path, Query query, const char* credential) {
        for (const auto& route : scene.routes) {
            const auto values = match_path(route.path, path);
            if (!values) continue;
            if (!route.by_secret) return 403;  // the server answers
            Request request;
            for (const auto& [name, value] : *values) request.path.emplace(name, value);
            request.query = std::move(query);
            request.credential = credential;
            return route.handler(request).status;
        }
        return 404;
    };
    const auto* own = "secret of a:1";
    CHECK(status("/api/v1/livepeer/orchestrators/a:1/status", {}, own) == 200);
    CHECK(status("/api/v1/livepeer/orchestrators/b:1/status", {}, own) == 401);
    CHECK(status("/api/v1/livepeer/orchestrators/a:1/status", {}, "wrong") == 401);
    CHECK(status(payments_path, {{"orchestrator", "a:1"}}, own) == 200);
    CHECK(status(payments_path, {{"orchestrator", "b:1"}}, own) == 401);
    CHECK(status(payments_path, {}, own) == 401);
    CHECK(status(payouts_path, {{"orchestrator", "a:1"}}, own) == 200);
    CHECK(status(payouts_path, {{"orchestrator", "b:1"}}, own) == 401);
    CHECK(status(payouts_path, {}, own) == 401);
    CHECK(status("/api/v1/livepeer/orchestrators/a:1/payouts/1", {}, own) == 200);
    CHECK(status("/api/v1/livepeer/orchestrators/b:1/payouts/1", {}, own) == 401);
    CHECK(status(list_path, {}, own) == 403);
    // The path names it, whatever else the request says.
    CHECK(status("/api/v1/livepeer/orchestrators/b:1/status", {{"orchestrator", "a:1"}}, own) == 401);
}

TEST_CASE("the list of orchestrators counts all of them and sums up the part") {
    const RouteScene scene;
    const auto body = scene.body(list_path);
    CHECK(scene.reads.asked == "start 100");
    CHECK(text_at(body, "total") == "7");
    CHECK(text_at(body, "connected") == "4");
    CHECK(text_at(body, "disconnected") == "2");
    CHECK(text_at(body, "unhealthy") == "1");
    CHECK(text_at(*body.find("summary"), "total_calls_processed") == "16");
    CHECK(text_at(*body.find("summary"), "average_latency_ms") == "20");
    CHECK(body.find("orchestrators")->items().size() == 3);
    CHECK(text_at(body, "next_cursor") == "\"o7\"");
    CHECK(scene.get(list_path).tagged);
}

TEST_CASE("the list of orchestrators is made once a second for all clients, and anew once a registration changed") {
    RouteScene scene;
    const auto asks = [&](Query query = {}) {
        scene.reads.asked.clear();
        const auto reply = scene.get(list_path, std::move(query));
        CHECK(reply.body.find("\"total\":7") != std::string::npos);
        CHECK(reply.tag.size() == 34);
        return scene.reads.asked;
    };
    CHECK(asks() == "start 100");
    CHECK(asks() == "");
    CHECK(asks({{"limit", "5"}}) == "start 5");
    CHECK(asks({{"cursor", "o5"}}) == "5 100");
    scene.clock.at = 999'999'999;
    CHECK(asks() == "");
    CHECK(asks({{"cursor", "o5"}}) == "");
    ++scene.reads.revision;
    CHECK(asks() == "start 100");
    CHECK(asks() == "");
    scene.clock.at += 1'000'000'000;
    CHECK(asks() == "start 100");

    scene.clock.at += 1'000'000'000;
    scene.reads.broken = Error{STIPEND_E_BUSY, "busy"};
    CHECK(scene.get(list_path).status == 503);
    scene.reads.broken.reset();
    CHECK(asks() == "start 100");
}

TEST_CASE("limits and cursors are checked") {
    const RouteScene scene;
    CHECK(scene.get(list_path, {{"cursor", "o7"}, {"limit", "200"}}).status == 200);
    CHECK(scene.reads.asked == "7 200");
    for (const auto* limit : {"0", "201", "-1", "1e2", "", " 5", "99999999999999999999"}) {
        CHECK(scene.get(list_path, {{"limit", limit}}).status == 400);
    }
    for (const auto* cursor : {"", "o", "7", "p7", "o-7", "o07", "o7x", "o99999999999999999999", "O7"}) {
        CAPTURE(cursor);
        CHECK(scene.get(list_path, {{"cursor", cursor}}).status == 400);
    }
    // A cursor is of one list: by orchestrator the positions are others.
    CHECK(scene.get(payments_path, {{"cursor", "p9"}}).status == 200);
    CHECK(scene.get(payments_path, {{"cursor", "p9"}, {"orchestrator", "a:1"}}).status == 400);
    CHECK(scene.get(payments_path, {{"cursor", "q9"}, {"orchestrator", "a:1"}}).status == 200);
    CHECK(scene.get(payments_path, {{"cursor", "q9"}}).status == 400);
}

TEST_CASE("payments are asked for by orchestrator and time") {
    const RouteScene scene;
    CHECK(text_at(scene.body(payments_path), "next_cursor") == "\"p3\"");
    CHECK(scene.reads.asked == " -1 -1 100");
    CHECK(
        scene.get(payments_path, {{"orchestrator", "a:1"}, {"from", "1970-01-01T00:00:01Z"}, {"limit", "5"}}).status ==
        200);
    CHECK(scene.reads.asked == "a:1 1000000000 -1 5");
    CHECK(scene.get(payments_path, {{"from", "yesterday"}}).status == 400);
    CHECK(scene.get(payments_path, {{"orchestrator", ""}}).status == 400);
    CHECK(scene.get(payments_path, {{"orchestrator", "unknown"}}).status == 404);
}

TEST_CASE("payouts are asked for by orchestrator and state, and one by its number") {
    const RouteScene scene;
    CHECK(text_at(scene.body(payouts_path), "next_cursor") == "\"u3\"");
    CHECK(scene.reads.asked == " all -1 100");
    CHECK(scene.get(payouts_path, {{"orchestrator", "a:1"}, {"state", "open"}, {"cursor", "u7"}, {"limit", "5"}})
              .status == 200);
    CHECK(scene.reads.asked == "a:1 open 7 5");
    CHECK(scene.get(payouts_path, {{"state", "all"}}).status == 200);
    CHECK(scene.get(payouts_path, {{"state", "paid"}}).status == 400);
    CHECK(scene.get(payouts_path, {{"cursor", "p7"}}).status == 400);
    CHECK(scene.get(payouts_path, {{"orchestrator", ""}}).status == 400);
    CHECK(scene.get(payouts_path, {{"orchestrator", "unknown"}}).status == 404);
    CHECK(scene.get("/api/v1/livepeer/orchestrators/a:1/payouts/1").status == 200);
    for (const auto* number : {"0", "2", "-1", "x", "99999999999999999999"}) {
        CAPTURE(number);
        CHECK(scene.get(cat("/api/v1/livepeer/orchestrators/a:1/payouts/", number)).status == 404);
    }
    CHECK(scene.get("/api/v1/livepeer/orchestrators/b:1/payouts/1").status == 404);
}

TEST_CASE("payments are given as CSV, in which no text is a formula") {
    RouteScene scene;
    const auto empty = scene.get(payments_path, {{"format", "csv"}});
    CHECK(empty.body == "epoch,reason,evidence.url\r\n");
    CHECK(empty.content_type == "text/csv; charset=utf-8; header=present");
    CHECK(empty.headers.find("Link: <?cursor=p3>; rel=\"next\"\r\n") != std::string::npos);
    const auto line = [&](const char* reason, Json url) {
        scene.reads.items = {Json::object()
                                 .append("epoch", 7)
                                 .append("reason", reason)
                                 .append("evidence", Json::object().append("url", std::move(url)))};
        const auto body = scene.get(payments_path, {{"format", "csv"}}).body;
        return body.substr(body.find("\r\n") + 2);
    };
    CHECK(line("uptime 97 %", "https://a:1") == "7,uptime 97 %,https://a:1\r\n");
    CHECK(line("a,b", "say \"no\"") == "7,\"a,b\",\"say \"\"no\"\"\"\r\n");
    CHECK(line("two\nlines", Json()) == "7,\"two\nlines\",\r\n");
    CHECK(line("=HYPERLINK(\"http://x\")", "@SUM(A1)") == "7,\"'=HYPERLINK(\"\"http://x\"\")\",'@SUM(A1)\r\n");
    CHECK(line("+1", "-1") == "7,'+1,'-1\r\n");
    CHECK(line("\t=1", "\r=1") == "7,'\t=1,\"'\r=1\"\r\n");
    scene.reads.items = {Json::object().append("epoch", 8)};
    CHECK(scene.get(payments_path, {{"format", "csv"}}).body == "epoch,reason,evidence.url\r\n8,,\r\n");
    CHECK(scene.get(payments_path, {{"format", "xml"}}).status == 400);
    CHECK(scene.get(payments_path, {{"format", "json"}}).content_type == "application/json");
}

namespace {

constexpr const char* process_path = "/api/v1/livepeer/payments/process";
constexpr const char* distribute_path = "/api/v1/livepeer/calls/distribute";

class OrderScene {
  public:
    [[nodiscard]] Reply post(std::string_view path, const char* body) {
        const auto routes = order_routes(
            {.adjust = [this](const Json& order, const OrderKey& key) { return take("adjust", order, key); },
             .pardon = [this](const Json& order, const OrderKey& key) { return take("pardon", order, key); },
             .pay = [this](const Json& order, const OrderKey& key) -> Result<std::optional<Json>> {
                 STIPEND_LET(done, take("pay", order, key));
                 return unknown ? std::optional<Json>() : std::optional(std::move(done));
             },
             .distribute = [this](const CallOrder& order, const OrderKey& key) -> Result<Distributed> {
                 call = order;
                 taken_key = key;
                 if (broken) return *broken;
                 return distributed;
             }});
        Request request;
        request.idempotency_key = idempotency_key;
        request.body = *parse_json(body, {});
        request.principal = Principal();
        request.principal->name = "ann@example.com";
        for (const auto& route : routes) {
            CHECK(route.permission == (route.path == process_path      ? auth::Permission::payments_process
                                       : route.path == distribute_path ? auth::Permission::jobs_distribute
                                                                       : auth::Permission::payments_adjust));
            if (route.path == path) return route.handler(request);
        }
        FAIL("no such route");
        return {};
    }
    std::string idempotency_key;
    std::string taken;
    OrderKey taken_key;
    std::optional<Error> broken;
    bool unknown = false;
    CallOrder call;
    Distributed distributed;

  private:
    Result<Json> take(const char* what, const Json& order, const OrderKey& by) {
        taken = cat(what, " ", order.dump());
        taken_key = by;
        if (broken) return *broken;
        return Json::object().append("done", true);
    }
};

constexpr const char* adjustments_path = "/api/v1/livepeer/adjustments";
constexpr const char* pardons_path = "/api/v1/livepeer/pardons";

}  // namespace

TEST_CASE("a manual payment wants a key or a reference, and its orderer is the account") {
    OrderScene scene;
    const char* plain = R"({"call_type":"bonus","amount":12.50,"recipient":"o1"})";
    CHECK(scene.post(process_path, plain).status == 400);
    CHECK(scene.taken.empty());
    scene.idempotency_key = "k1";
    CHECK(scene.post(process_path, plain).status == 200);
    CHECK(scene.taken == R"(pay {"call_type":"bonus","amount":12.50,"asset":null,"recipient":"o1",)"
                         R"("orchestrator_id":"","reference":"","metadata":{},"by":"api:ann@example.com"})");
    CHECK(scene.taken_key.names == std::vector<std::string>{"key:k1"});
    CHECK(scene.taken_key.principal == "ann@example.com");
    CHECK(scene.taken_key.route == cat("POST ", process_path));
    CHECK(scene.post(process_path, R"({"call_type":"b","amount":"1","recipient":"o1","reference":"k1"})").status ==
          200);
    CHECK(scene.taken_key.names == std::vector<std::string>{"key:k1", "reference:k1"});
    scene.unknown = true;
    CHECK(scene.post(process_path, plain).status == 404);
    scene.taken.clear();
    for (const auto* body :
         {R"({"amount":1,"recipient":"o1"})", R"({"call_type":"b","recipient":"o1"})",
          R"({"call_type":"b","amount":1})", R"({"call_type":"b","amount":1,"recipient":"o1","metadata":[]})",
          R"({"call_type":"b","amount":1,"recipient":"o1","reference":7})",
          R"({"call_type":"b","amount":1,"recipient":"o1","by":"the owner"})"}) {
        CAPTURE(body);
        CHECK(scene.post(process_path, body).status == 422);
    }
    CHECK(scene.taken.empty());
}

TEST_CASE("a call is read as a whole, and what became of it decides the status") {
    using Is = Distributed::Is;
    OrderScene scene;
    scene.idempotency_key = "k1";
    const char* body = R"({"call_type":"t","strategy":"capabilities","orchestrator_ids":["o1"],)"
                       R"("payload":{"required_capabilities":["a","b"],"n":1.50}})";
    scene.distributed = {.is = Is::queued, .answer = Json::object().append("status", "queued")};
    CHECK(scene.post(distribute_path, body).status == 200);
    CHECK(scene.call.type == "t");
    CHECK(scene.call.payload == R"({"required_capabilities":["a","b"],"n":1.50})");
    CHECK(scene.call.restricted);
    CHECK(scene.call.orchestrators == std::vector<std::string>{"o1"});
    CHECK(scene.call.capabilities == std::vector<std::string>{"a", "b"});
    CHECK(scene.call.by == "api:ann@example.com");
    CHECK(scene.taken_key.names == std::vector<std::string>{"key:k1"});
    for (const auto& [is, status] :
         {std::pair{Is::unknown, 404}, {Is::none_connected, 503}, {Is::too_wide, 422}, {Is::too_often, 429}}) {
        scene.distributed = {.is = is, .why = "why", .retry_after_s = 7};
        const auto reply = scene.post(distribute_path, body);
        CHECK(reply.status == status);
        CHECK((reply.headers.find("Retry-After: 7\r\n") != std::string::npos) == (is == Is::too_often));
    }
    for (const auto* wrong :
         {R"({"strategy":"round_robin","payload":{}})", R"({"call_type":"t","strategy":"fastest","payload":{}})",
          R"({"call_type":"t","strategy":"round_robin"})", R"({"call_type":"t","strategy":"round_robin","payload":[]})",
          R"({"call_type":"t","strategy":"capabilities","payload":{}})",
          R"({"call_type":"t","strategy":"round_robin","payload":{},"orchestrator_ids":[1]})",
          R"({"call_type":"t","strategy":"round_robin","payload":{},"x":1})"}) {
        CAPTURE(wrong);
        CHECK(scene.post(distribute_path, wrong).status == 422);
    }
}

TEST_CASE("an order of a key that is being carried out is 409, and of another key waits") {
    const char* body = R"({"call_type":"bonus","amount":1,"recipient":"o1"})";
    int same = 0;
    int other = 0;
    const auto routes = std::make_shared<std::vector<ApiRoute>>();
    Orders orders;
    orders.pay = [&](const Json&, const OrderKey&) -> Result<std::optional<Json>> {
        Request request;
        request.body = *parse_json(body, {});
        request.principal = Principal();
        request.idempotency_key = "k1";
        same = routes->back().handler(request).status;
        request.idempotency_key = "k2";
        other = routes->back().handler(request).status;
        return std::optional(Json::object());
    };
    *routes = order_routes(orders);
    Request request;
    request.body = *parse_json(body, {});
    request.principal = Principal();
    request.idempotency_key = "k1";
    CHECK(routes->back().handler(request).status == 200);
    CHECK(same == 409);
    CHECK(other == 503);
}

TEST_CASE("a payment beyond a limit is 409, and one that cannot be made now is 503") {
    OrderScene scene;
    scene.idempotency_key = "k1";
    const char* body = R"({"call_type":"bonus","amount":1,"recipient":"o1"})";
    scene.broken = fail(STIPEND_E_LIMIT, "limits.accrual_per_day is reached");
    CHECK(scene.post(process_path, body).status == 409);
    scene.broken = fail(STIPEND_E_UNAVAILABLE, "no exchange rate");
    CHECK(scene.post(process_path, body).status == 503);
}

TEST_CASE("an adjustment is ordered in the name of its account, and its amount is taken by its digits") {
    OrderScene scene;
    const auto done = scene.post(adjustments_path, R"({"orchestrator_id":"o1","from":"a","to":"b","reason":"our fault",
        "amount_usd":12.50000000})");
    CHECK(done.status == 200);
    CHECK(done.body == "{\"done\":true}\n");
    CHECK(scene.taken ==
          R"(adjust {"from":"a","to":"b","reason":"our fault","by":"api:ann@example.com","orchestrator":"o1",)"
          R"("usd":"12.50000000"})");
    CHECK(scene.post(adjustments_path, R"({"orchestrator_id":"o1","from":"a","to":"b","reason":"r"})").status == 200);
    CHECK(scene.taken.find("usd") == std::string::npos);
    CHECK(scene.taken.find("dry_run") == std::string::npos);
    CHECK(scene.post(adjustments_path, R"({"orchestrator_id":"o1","from":"a","to":"b","reason":"r","dry_run":true})")
              .status == 200);
    CHECK(scene.taken.find("\"dry_run\":true") != std::string::npos);
    scene.taken.clear();
    for (const auto* body :
         {R"({"from":"a","to":"b","reason":"r"})", R"({"orchestrator_id":"o1","to":"b","reason":"r"})",
          R"({"orchestrator_id":"o1","from":"a","reason":"r"})", R"({"orchestrator_id":"o1","from":"a","to":"b"})",
          R"({"orchestrator_id":"o1","from":"a","to":"b","reason":"r","by":"the owner"})",
          R"({"orchestrator_id":"o1","from":"a","to":"b","reason":"r","amount_usd":true})",
          R"({"orchestrator_id":"o1","from":"a","to":"b","reason":"r","dry_run":1})",
          R"({"orchestrator_id":"o1","from":"a","to":"b","reason":"r","amount_usd":1e400})",
          R"({"orchestrator_id":"o1","from":"a","to":"b","reason":"r","usd":"1"})"}) {
        CAPTURE(body);
        CHECK(scene.post(adjustments_path, body).status == 422);
    }
    CHECK(scene.taken.empty());
}

TEST_CASE("a pardon is of one orchestrator or, by its name, of all") {
    OrderScene scene;
    CHECK(scene.post(pardons_path, R"({"orchestrator_id":"o1","from":"a","to":"b","reason":"r"})").status == 200);
    CHECK(scene.taken == R"(pardon {"from":"a","to":"b","reason":"r","by":"api:ann@example.com","orchestrator":"o1",)"
                         R"("all":false,"dry_run":false})");
    CHECK(scene.post(pardons_path, R"({"all":true,"dry_run":true,"from":"a","to":"b","reason":"r"})").status == 200);
    CHECK(scene.taken == R"(pardon {"from":"a","to":"b","reason":"r","by":"api:ann@example.com","all":true,)"
                         R"("dry_run":true})");
    scene.taken.clear();
    CHECK(scene.post(pardons_path, R"({"from":"a","to":"b","reason":"r"})").status == 422);
    CHECK(scene.post(pardons_path, R"({"all":false,"from":"a","to":"b","reason":"r"})").status == 422);
    CHECK(scene.post(pardons_path, R"({"all":true,"orchestrator_id":"o1","from":"a","to":"b","reason":"r"})").status ==
          422);
    CHECK(scene.post(pardons_path, R"({"all":1,"from":"a","to":"b","reason":"r"})").status == 422);
    CHECK(scene.taken.empty());
}

TEST_CASE("an order that fails has the status of its error") {
    OrderScene scene;
    const auto status = [&](stipend_status error) {
        scene.broken = fail(error, "why");
        return scene.post(pardons_path, R"({"all":true,"from":"a","to":"b","reason":"r"})").status;
    };
    CHECK(status(STIPEND_E_INVALID) == 422);
    CHECK(status(STIPEND_E_CONFLICT) == 409);
    CHECK(status(STIPEND_E_UNAVAILABLE) == 503);
    CHECK(status(STIPEND_E_TIMEOUT) == 503);
    CHECK(status(STIPEND_E_INTERNAL) == 500);
}

TEST_CASE("one orchestrator is found by its id") {
    const RouteScene scene;
    CHECK(scene.get("/api/v1/livepeer/orchestrators/a:1/status").status == 200);
    CHECK(scene.get("/api/v1/livepeer/orchestrators/b:1/status").status == 404);
}

TEST_CASE("the list for gateways is for their networks, and not through a proxy that is not trusted") {
    const RouteScene scene;
    const auto* path = "/api/v1/gateway/orchestrators";
    CHECK(scene.get(path).body == "[{\"address\":\"https://a:1\"}]\n");
    CHECK(scene.get(path, {}, "11.0.0.1").status == 403);
    CHECK(scene.get(path, {}, "::1").status == 403);
    CHECK(scene.get(path, {}, "10.1.2.3", true).status == 403);
}

TEST_CASE("health says what works") {
    RouteScene scene;
    auto& parts = scene.reads.well.parts;
    const auto status = [&] { return cat(scene.get("/health").status, text_at(scene.body("/health"), "status")); };
    CHECK(status() == "200\"ok\"");
    CHECK(scene.get("/readyz").status == 200);
    parts[of_price] = parts[of_all] = {HealthState::degraded, "no rate", 98'500'000'000};
    CHECK(status() == "200\"degraded\"");
    CHECK(scene.get("/readyz").status == 200);
    parts[of_ledger] = parts[of_all] = {HealthState::unavailable, "it failed", 99'000'000'000};
    CHECK(status() == "503\"unavailable\"");
    CHECK(scene.get("/readyz").status == 503);
    scene.reads.well = Reads::all_ok();
    parts[of_control] = parts[of_all] = {HealthState::unavailable, "the host is stopping", 99'000'000'000};
    CHECK(status() == "503\"unavailable\"");
    CHECK(text_at(scene.body("/health"), "control") == "\"stopping\"");
    scene.reads.broken = fail(STIPEND_E_TIMEOUT, "the control thread does not answer");
    CHECK(status() == "503\"unavailable\"");
    CHECK(scene.get("/readyz").status == 503);
    CHECK(scene.get("/healthz").status == 200);
    CHECK(scene.get(list_path).status == 503);
}

TEST_CASE("health has a state, a reason and an age of each part") {
    RouteScene scene;
    auto& parts = scene.reads.well.parts;
    parts[of_gateway] = {HealthState::unavailable, "jobs have no outcome", 90'100'000'000};
    parts[of_all] = {HealthState::degraded, "jobs have no outcome", 99'999'999'999};
    const auto body = scene.body("/health");
    CHECK(text_at(body, "reason") == "\"jobs have no outcome\"");
    CHECK(text_at(body, "age_seconds") == "0");
    const auto& components = *body.find("components");
    CHECK(components.members().size() == 7);
    CHECK(components.find("gateway")->dump() ==
          R"({"state":"unavailable","reason":"jobs have no outcome","age_seconds":9})");
    CHECK(components.find("ledger")->dump() == R"({"state":"ok","reason":null,"age_seconds":60})");
    CHECK(text_at(*components.find("worker"), "state") == "\"not_applicable\"");
    scene.reads.broken = fail(STIPEND_E_TIMEOUT, "the control thread does not answer");
    const auto silent = scene.body("/health");
    CHECK(silent.find("components")->find("control")->dump() ==
          R"({"state":"unavailable","reason":"the control thread does not answer","age_seconds":null})");
    CHECK(text_at(*silent.find("components")->find("price"), "state") == "\"unknown\"");
}

TEST_CASE("the first account is made once, with a password in a file of its owner") {
    const Folder folder;
    const auto store = folder.store();
    const auto home = folder.file().parent_path();
    const auto first = make_first_account(*store, "a@b.example", "", home, noon);
    REQUIRE(first.ok());
    REQUIRE(first->has_value());
    const auto file = *(*first)->password_file;
    CHECK(std::filesystem::status(file).permissions() == std::filesystem::perms(0600));
    auto password = *read_file(file, 1000);
    REQUIRE(password.ends_with('\n'));
    password.pop_back();
    const auto made = *store->account("a@b.example");
    REQUIRE(made.has_value());
    CHECK(made->role == auth::AccessRole::admin);
    CHECK(auth::verify_password(password, made->password_hash, {}) == auth::PasswordCheck::match);
    const auto second = make_first_account(*store, "c@d.example", "other password", home, noon);
    REQUIRE(second.ok());
    CHECK(!second->has_value());
    CHECK(store->accounts()->size() == 1);
}

TEST_CASE("a password that is given is written nowhere") {
    const Folder folder;
    const auto store = folder.store();
    const auto first = make_first_account(*store, "a@b.example", "correct horse", folder.file().parent_path(), noon);
    REQUIRE(first.ok());
    CHECK(!(*first)->password_file);
    CHECK(!std::filesystem::exists(folder.file().parent_path() / "admin-password"));
    CHECK(auth::verify_password("correct horse", (*store->account("a@b.example"))->password_hash, {}) ==
          auth::PasswordCheck::match);
    const Folder other;
    CHECK(!make_first_account(*other.store(), "a@b.example", "short", other.file().parent_path(), noon).ok());
    CHECK(!make_first_account(*other.store(), "two words", "correct horse", other.file().parent_path(), noon).ok());
}
