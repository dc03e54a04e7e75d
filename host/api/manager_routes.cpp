#include "host/api/manager_routes.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <mutex>

#include "host/api/openapi.hpp"
#include "host/api/recent_replies.hpp"
#include "host/api/reference.hpp"
#include "host/base/time.hpp"
#include "stipend/duration.hpp"

namespace stipend::api {
namespace {

constexpr std::int64_t proof_wait_s = 60;

// Letters of cursors.
constexpr char orchestrators_cursor = 'o';
constexpr char payments_cursor = 'p';
constexpr char own_payments_cursor = 'q';  // of one orchestrator
constexpr char payouts_cursor = 'u';

// The sum of calls, and the mean latency of those that have one, of the orchestrators that are listed.
Json summary_of(const std::vector<Json>& items) {
    std::int64_t calls = 0;
    const auto number = [](const Json& item, std::string_view name) {
        const auto* value = item.find(name);
        std::int64_t out = 0;
        if (value != nullptr) std::from_chars(value->text().data(), value->text().data() + value->text().size(), out);
        return out;
    };
    std::int64_t latency_ms = 0;
    std::int64_t with_latency = 0;
    for (const auto& item : items) {
        calls += number(item, "total_calls_processed");
        const auto* latency = item.find("average_latency_ms");
        if (latency == nullptr || latency->is(Json::Kind::null)) continue;
        latency_ms += number(item, "average_latency_ms");
        ++with_latency;
    }
    return Json::object()
        .append("total_calls_processed", calls)
        .append("average_latency_ms", with_latency == 0 ? Json() : Json(latency_ms / with_latency));
}

Reply orchestrators(ManagerReads& reads, const Request& request) {
    const auto part_of_all = part_query(request, orchestrators_cursor);
    if (!part_of_all) return bad_query(part_of_all.error());
    auto found = reads.orchestrators(part_of_all->at, part_of_all->limit);
    if (!found) return problem_of(found.error());
    auto& part = found->part;
    const auto& all = found->all;
    auto body = Json::object()
                    .append("total", all.connected + all.disconnected + all.unhealthy + all.unapproved)
                    .append("connected", all.connected)
                    .append("disconnected", all.disconnected)
                    .append("unhealthy", all.unhealthy)
                    .append("unapproved", all.unapproved);
    auto summary = summary_of(part.items);
    auto next = next_of(orchestrators_cursor, part);
    return tagged_reply(body.append("orchestrators", array_of(std::move(part.items)))
                            .append("summary", std::move(summary))
                            .append("next_cursor", std::move(next)));
}

// What one client was sent within the last second does for the next one, unless a registration has changed.
Reply recent_orchestrators(ManagerReads& reads, RecentReplies& recent, const Clock& clock, const Request& request) {
    const auto revision = reads.registrations_revision();
    const auto now = clock.monotonic();
    std::string key;
    for (const auto* name : {"limit", "cursor"}) {
        const auto found = request.query.find(name);
        key += found == request.query.end() ? "/" : cat("/", found->second);
    }
    if (auto kept = recent.find(key, revision, now)) return std::move(*kept);
    auto reply = orchestrators(reads, request);
    if (reply.status == 200) {
        set_tag(reply);
        recent.keep(key, revision, now, reply);
    }
    return reply;
}

Reply one_orchestrator(ManagerReads& reads, const Request& request) {
    auto found = reads.orchestrator(request.path.at("id"));
    if (!found) return problem_of(found.error());
    if (!*found) return problem(404, "no such orchestrator");
    return tagged_reply(**found);
}

Reply payments(ManagerReads& reads, const Request& request) {
    ManagerReads::PaymentQuery query;
    const auto csv = wants_csv(request);
    if (!csv) return bad_query(csv.error());
    auto orchestrator = orchestrator_query(request);
    if (!orchestrator) return bad_query(orchestrator.error());
    query.orchestrator = std::move(*orchestrator);
    const auto list = query.orchestrator.empty() ? payments_cursor : own_payments_cursor;
    const auto part = part_query(request, list);
    if (!part) return bad_query(part.error());
    query.limit = part->limit;
    query.before = part->at;
    if (const auto from = request.query.find("from"); from != request.query.end()) {
        const auto at = parse_utc(from->second);
        if (!at) return problem(400, cat("query parameter \"from\": ", at.error().message));
        query.from = *at;
    }
    auto found = reads.payments(query);
    if (!found) return problem_of(found.error());
    if (!*found) return problem(404, "no such orchestrator");
    if (*csv) return csv_reply(reads.payment_form(), list, **found, "payments.csv");
    auto next = next_of(list, **found);
    return tagged_reply(
        Json::object().append("payments", array_of(std::move((*found)->items))).append("next_cursor", std::move(next)));
}

Reply payouts(ManagerReads& reads, const Request& request) {
    ManagerReads::PayoutQuery query;
    auto orchestrator = orchestrator_query(request);
    if (!orchestrator) return bad_query(orchestrator.error());
    query.orchestrator = std::move(*orchestrator);
    if (const auto state = request.query.find("state"); state != request.query.end()) {
        if (state->second != "open" && state->second != "all") {
            return problem(400, "query parameter \"state\": want open or all");
        }
        query.open = state->second == "open";
    }
    const auto part = part_query(request, payouts_cursor);
    if (!part) return bad_query(part.error());
    query.limit = part->limit;
    query.before = part->at;
    auto found = reads.payouts(query);
    if (!found) return problem_of(found.error());
    if (!*found) return problem(404, "no such orchestrator");
    auto next = next_of(payouts_cursor, **found);
    return tagged_reply(
        Json::object().append("payouts", array_of(std::move((*found)->items))).append("next_cursor", std::move(next)));
}

Reply one_payout(ManagerReads& reads, const Request& request) {
    const auto number = path_number(request, "payout");
    if (!number || *number > INT64_MAX) return problem(404, "no such payout: want its number");
    auto found = reads.payout(request.path.at("id"), static_cast<std::int64_t>(*number));
    if (!found) return problem_of(found.error());
    if (!*found) return problem(404, "no such payout");
    return tagged_reply(**found);
}

Reply payment_proof(ManagerReads& reads, const Request& request) {
    const auto epoch = epoch_of(request);
    if (!epoch) return problem(404, "no such payment: want its epoch, a whole number");
    auto proof = reads.payment_proof(request.path.at("id"), *epoch);
    if (!proof && proof.error().status == STIPEND_E_BUSY) {
        return problem_later(503, "no signed head covers this payment yet", proof_wait_s);
    }
    if (!proof) return problem_of(proof.error());
    if (!*proof) return problem(404, "no such payment");
    return json_reply(**proof);
}

Reply signed_head(ManagerReads& reads) {
    auto head = reads.signed_head();
    if (!head) return problem_of(head.error());
    if (!*head) return problem_later(503, "no head is signed yet", proof_wait_s);
    return tagged_reply(**head);
}

// In the form that a gateway polls. It sends no credentials, so where it asks from decides.
Reply gateway_list(ManagerReads& reads, const std::vector<IpRange>& gateways, const Request& request) {
    const bool known = std::any_of(gateways.begin(), gateways.end(),
                                   [&](const IpRange& range) { return range.contains(request.client); });
    // Behind a proxy that is not trusted, every client has the proxy's address.
    if (!known || request.relayed) return problem(403, "this list is for the addresses in api.gateway_networks");
    auto found = reads.addresses();
    if (!found) return problem_of(found.error());
    auto body = Json::array();
    for (auto& address : *found) body.push(Json::object().append("address", std::move(address)));
    return tagged_reply(body);
}

Json reason_of(const HealthPart& part) {
    return *part.reason == '\0' ? Json() : Json(part.reason);
}

Json age_of(const HealthPart& part, stipend_unix_ns now) {
    return part.since == 0 ? Json() : Json(std::max<std::int64_t>(now - part.since, 0) / ns_per_s);
}

// Where the control thread does not answer, nothing else is known.
ManagerReads::Health no_answer() {
    ManagerReads::Health out;
    out.parts[of_control] = {HealthState::unavailable, "the control thread does not answer"};
    out.parts[of_all] = out.parts[of_control];
    return out;
}

Reply health(ManagerReads& reads) {
    const auto found = reads.health();
    const auto [parts, now] = found ? *found : no_answer();
    const auto plain = [&parts = parts](HealthIndex at) { return name_of(parts[at].state); };
    const bool bad = parts[of_all].state == HealthState::unavailable;
    auto body = Json::object().append("status", plain(of_all));
    if (found) {
        body.append("control", parts[of_control].state == HealthState::ok ? "ok" : "stopping")
            .append("ledger", plain(of_ledger))
            .append("price", plain(of_price))
            .append("orchestrators", parts[of_orchestrators].state == HealthState::ok ? "ok" : "failing")
            .append("alerts", parts[of_alerts].state != HealthState::ok);
    } else {
        body.append("control", "unavailable").append("ledger", "unknown");
    }
    body.append("reason", reason_of(parts[of_all])).append("age_seconds", age_of(parts[of_all], now));
    auto components = Json::object();
    for (std::size_t at = 0; at < health_part_names.size(); ++at) {
        components.append(std::string(health_part_names[at]), Json::object()
                                                                  .append("state", name_of(parts[at].state))
                                                                  .append("reason", reason_of(parts[at]))
                                                                  .append("age_seconds", age_of(parts[at], now)));
    }
    components.append("worker", Json::object()
                                    .append("state", "not_applicable")
                                    .append("reason", "workers run beside orchestrators, and each answers GET /health")
                                    .append("age_seconds", Json()));
    return json_reply(body.append("components", std::move(components)), bad ? 503 : 200);
}

Reply ready(ManagerReads& reads) {
    const auto found = reads.health();
    const bool well = found && found->parts[of_all].state != HealthState::unavailable;
    return json_reply(Json::object().append("status", well ? "ok" : "unavailable"), well ? 200 : 503);
}

}  // namespace

std::vector<ApiRoute> manager_routes(ManagerReads& reads, std::vector<IpRange> gateways, const Clock& clock) {
    using auth::Permission;
    const auto recent = std::make_shared<RecentReplies>();
    std::vector<ApiRoute> out;
    const auto get = [&](std::string path, std::optional<Permission> permission, std::vector<std::string_view> query,
                         Handler handler) {
        out.push_back({.method = "GET",
                       .path = std::move(path),
                       .permission = permission,
                       .rate = RateClass::read,
                       .query = std::move(query),
                       .handler = std::move(handler)});
    };
    get("/health", {}, {}, [&reads](const Request&) { return health(reads); });
    get("/healthz", {}, {}, [](const Request&) { return json_reply(Json::object().append("status", "ok")); });
    get("/readyz", {}, {}, [&reads](const Request&) { return ready(reads); });
    get("/api/v1/openapi.json", {}, {}, [](const Request&) {
        return Reply{.status = 200, .headers = {}, .body = std::string(openapi_document()), .tagged = true};
    });
    get("/api/v1/docs", {}, {}, [](const Request&) {
        return Reply{.status = 200,
                     .headers =
                         "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                         "form-action 'none'; frame-ancestors 'none'\r\n",
                     .body = api_reference(ReferenceFormat::html),
                     .content_type = "text/html; charset=utf-8",
                     .tagged = true};
    });
    get("/api/v1/livepeer/orchestrators", Permission::orchestrators_read, {"limit", "cursor"},
        [&reads, &clock, recent](const Request& request) {
            return recent_orchestrators(reads, *recent, clock, request);
        });
    get("/api/v1/livepeer/orchestrators/{id}/status", Permission::orchestrators_read, {},
        [&reads](const Request& request) { return one_orchestrator(reads, request); });
    out.back().own = true;
    get("/api/v1/livepeer/payments", Permission::payments_read, {"orchestrator", "from", "cursor", "limit", "format"},
        [&reads](const Request& request) { return payments(reads, request); });
    out.back().own = true;
    get("/api/v1/livepeer/orchestrators/{id}/payments/{epoch}/proof", Permission::payments_read, {},
        [&reads](const Request& request) { return payment_proof(reads, request); });
    out.back().own = true;
    get("/api/v1/livepeer/payouts", Permission::payments_read, {"orchestrator", "state", "cursor", "limit"},
        [&reads](const Request& request) { return payouts(reads, request); });
    out.back().own = true;
    get("/api/v1/livepeer/orchestrators/{id}/payouts/{payout}", Permission::payments_read, {},
        [&reads](const Request& request) { return one_payout(reads, request); });
    out.back().own = true;
    get("/api/v1/ledger/head", {}, {}, [&reads](const Request&) { return signed_head(reads); });
    get("/api/v1/gateway/orchestrators", {}, {}, [&reads, gateways = std::move(gateways)](const Request& request) {
        return gateway_list(reads, gateways, request);
    });
    return out;
}

ApiRoute status_route(std::function<Result<Json>()> status, const Clock& clock) {
    const auto recent = std::make_shared<RecentReplies>();
    return {.method = "GET",
            .path = "/api/v1/status",
            .permission = auth::Permission::status_read,
            .rate = RateClass::read,
            .handler = [status = std::move(status), &clock, recent](const Request&) {
                const auto now = clock.monotonic();
                if (auto kept = recent->find({}, 0, now)) return std::move(*kept);
                const auto found = status();
                if (!found) return problem_of(found.error());
                auto reply = json_reply(*found);
                recent->keep({}, 0, now, reply);
                return reply;
            }};
}

ApiRoute offer_route(AskOffer ask) {
    const auto one_at_a_time = std::make_shared<std::mutex>();
    return {.method = "GET",
            .path = "/api/v1/livepeer/orchestrators/{id}/offer",
            .permission = auth::Permission::orchestrators_read,
            .rate = RateClass::read,
            .handler =
                [ask = std::move(ask), one_at_a_time](const Request& request) {
                    // One that does not answer takes a thread of the API for seconds.
                    const std::unique_lock lock(*one_at_a_time, std::try_to_lock);
                    if (!lock) return problem_later(503, "another offer is being asked for", 1);
                    const auto found = ask(request.path.at("id"));
                    if (!found && found.error().status == STIPEND_E_UNAVAILABLE) {
                        return problem_later(503, found.error().message, 10);
                    }
                    if (!found) return problem_of(found.error());
                    if (!*found) return problem(404, "no such orchestrator in force");
                    return json_reply(**found);
                },
            .own = true};
}

ApiRoute events_route(EventFeed& feed) {
    const auto handler = [&feed](const Request& request) {
        EventFeed::Reader reader{.after = {}, .orchestrator = {}, .may_read = request.may_still};
        if (!request.last_event_id.empty()) {
            const auto after = parse_event_id(request.last_event_id);
            if (!after) return problem(400, after.error().message);
            reader.after = *after;
        }
        auto orchestrator = orchestrator_query(request);
        if (!orchestrator) return bad_query(orchestrator.error());
        reader.orchestrator = std::move(*orchestrator);
        auto stream = feed.open(std::move(reader));
        if (!stream) return problem_of(stream.error());
        Reply out;
        out.content_type = "text/event-stream";
        out.stream = std::move(*stream);
        return out;
    };
    return {.method = "GET",
            .path = "/api/v1/events",
            .permission = auth::Permission::status_read,
            .rate = RateClass::read,
            .query = {"orchestrator"},
            .handler = handler,
            .own = true};
}

}  // namespace stipend::api
