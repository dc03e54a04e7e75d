#include "host/api/api_server.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "host/api/browser.hpp"
#include "host/auth/checked.hpp"
#include "host/auth/forwarded.hpp"
#include "host/base/printable.hpp"
#include "host/base/sha256.hpp"
#include "stipend/headers.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::api {
namespace {

constexpr unsigned api_threads = 2;
constexpr unsigned login_threads = 1;  // each hash of a password takes 19 MiB
constexpr std::uint32_t deadline_ms = 30'000;
constexpr std::size_t max_idempotency_key_bytes = 255;
constexpr std::size_t max_if_match_bytes = 256;
constexpr std::size_t max_connections = 3'072;  // 2,000 of them may read events
constexpr int temporary_redirect = 307;
constexpr JsonLimits body_json{.bytes = ApiServer::max_body_bytes, .depth = 16, .nodes = 10'000};

// "192.0.2.1:5000" or "[2001:db8::1]:5000".
IpAddress address_of(std::string_view peer) {
    auto host = peer.substr(0, peer.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return IpAddress::parse(host).value_or(IpAddress());
}

std::vector<std::string_view> all_headers(std::string_view lines, std::string_view name) {
    std::vector<std::string_view> out;
    while (!lines.empty()) {
        const auto rest = lines;
        const auto line = take_line(lines);
        if (const auto value = find_header(rest.substr(0, line.size()), name)) out.push_back(*value);
    }
    return out;
}

// One client of IPv6 has a whole /64.
std::string client_key(const IpAddress& client) {
    return client.is_v4() ? client.text() : client.network(64).text();
}

Reply refused() {
    return problem(401, auth::refused_answer);
}

Reply too_many(std::int64_t retry_after_s) {
    return problem_later(429, "too many requests", retry_after_s);
}

// What instances' answers may not have, reported once for each instance. Shared with their answers, which may come when
// the server is gone.
struct PageReports {
    std::function<void(const std::string&)> log;
    std::function<void(std::string_view instance, std::string_view text)> misbehaved;
    std::mutex mutex;
    std::set<std::string, std::less<>> reported;  // guarded by mutex

    void guard(const std::string& instance, http::ServerResponse& response) {
        const auto removed = guard_page(response);
        if (removed.empty()) return;
        {
            const std::lock_guard lock(mutex);
            if (!reported.insert(instance).second) return;
        }
        const auto text = cat("its answers have header fields that the API does not send: ", printable_line(removed));
        log(cat(instance, ": ", text));
        if (misbehaved) misbehaved(instance, text);
    }
};

}  // namespace

struct ApiServer::State {
    State(ApiOptions given, Access& to, const Clock& by, std::function<void(const std::string&)> log_to,
          std::vector<ApiRoute> table)
        : options(std::move(given)), access(to), clock(by), log(std::move(log_to)), routes(std::move(table)) {
        reports->log = log;
        reports->misbehaved = options.misbehaved;
    }

    ApiOptions options;
    Access& access;
    const Clock& clock;
    std::function<void(const std::string&)> log;
    std::vector<ApiRoute> routes;
    std::mutex mutex;
    RateLimits limits;  // guarded by mutex
    const std::shared_ptr<PageReports> reports = std::make_shared<PageReports>();
    std::atomic<std::size_t> waiting{0}, logins_waiting{0};
    std::shared_ptr<Lane> lane, login_lane;
    std::unique_ptr<http::Server> server;  // last: it ends first

    // A route with the values of its path, or why there is none.
    struct Found {
        const ApiRoute* route = nullptr;
        PathValues values;
        std::string allow;  // the methods of that path, where the method is another one
    };
    [[nodiscard]] Found find(std::string_view method, std::string_view path) const;
    // What can be said without waiting for anything; fills `out`.
    [[nodiscard]] std::optional<Reply> check(const http::ServerRequest& raw, const Found& found, Request& out);
    // On the lane.
    [[nodiscard]] Reply answer(const ApiRoute& route, Request& request, const Credential& credential);
    [[nodiscard]] Result<Access::Verified> verify(const Credential& credential) {
        const AccessTime now{clock.now(), clock.monotonic()};
        return credential.cookie ? access.verify_session(credential.text, now) : access.verify(credential.text, now);
    }
    [[nodiscard]] BrowserTerms browser_terms() const {
        return {!options.tls.certificate.empty(), options.origin, options.trusted_proxies};
    }
    // Seconds until the client may come again; 0: now.
    [[nodiscard]] std::int64_t take(const IpAddress& client, RateClass rate) {
        const std::lock_guard lock(mutex);
        return limits.take(client_key(client), rate, clock.monotonic());
    }
    void serve(http::ServerRequest&& raw, http::Responder responder);
    // A request for a path of plugins. Nothing: it goes to one; `credential` is what it proves itself by.
    [[nodiscard]] std::optional<Reply> check_page(const http::ServerRequest& raw, http::RouteTable::Match& match,
                                                  Credential& credential);
    void serve_page(http::ServerRequest&& raw, http::Responder responder);
    // On the lane: as the user that the credential proves, or, without one, as no user.
    void pass_to_plugin(const http::Route& route, const Credential& credential, http::ServerRequest raw,
                        http::Responder responder);
};

ApiServer::State::Found ApiServer::State::find(std::string_view method, std::string_view path) const {
    Found out;
    // What a path names by its own words is no id of another route.
    const bool literal = std::any_of(routes.begin(), routes.end(), [&](const auto& one) { return one.path == path; });
    for (const auto& route : routes) {
        auto values = match_path(route.path, path);
        if (!values || (literal && route.path != path)) continue;
        if (route.method == method) return {&route, std::move(*values), {}};
        out.allow += cat(out.allow.empty() ? "" : ", ", route.method, route.method == "GET" ? ", HEAD" : "");
    }
    return out;
}

std::optional<Reply> ApiServer::State::check(const http::ServerRequest& raw, const Found& found, Request& out) {
    if (found.route == nullptr && found.allow.empty()) return problem(404, "no such path");
    if (found.route == nullptr) {
        auto reply = problem(405, "this path has other methods");
        reply.headers += cat("Allow: ", found.allow, "\r\n");
        return reply;
    }
    const auto forwarded = all_headers(raw.headers, "x-forwarded-for");
    const auto peer = address_of(raw.peer);
    out.client = auth::client_address(peer, forwarded, options.trusted_proxies);
    out.relayed = out.client == peer && !forwarded.empty();
    if (const auto wait_s = take(out.client, found.route->rate); wait_s > 0) return too_many(wait_s);
    const auto terms = browser_terms();
    out.https = by_https(terms, raw.headers, peer);
    out.session = session_cookie(raw.headers, out.https);
    const bool safe = found.route->method == "GET";
    if (found.route->permission && credential_of(raw.headers, out.session).cookie) {
        if (const auto why = refuse_page(terms, raw.headers, out.https, safe, out.session)) return problem(403, *why);
    }
    for (const auto& [name, value] : found.values) {
        auto decoded = percent_decode(value);
        if (!decoded) return problem(400, cat("path: ", decoded.error().message));
        out.path.emplace(name, std::move(*decoded));
    }
    auto query = parse_query(raw.query, found.route->query);
    if (!query) return problem(400, query.error().message);
    out.query = std::move(*query);
    if (safe) return std::nullopt;
    if (raw.body.size() > found.route->max_body_bytes) {
        return problem(413, cat("body: want at most ", found.route->max_body_bytes, " bytes"));
    }
    // A page of another site can have a browser send this, with the user's own credentials.
    if (const auto origin = find_header(raw.headers, "origin");
        origin && !own_origin(terms, *origin, raw.headers, out.https)) {
        return problem(403, "requests from pages of another origin change nothing");
    }
    if (const auto key = find_header(raw.headers, "idempotency-key")) {
        const bool printable = std::all_of(key->begin(), key->end(), [](char c) { return c > 0x20 && c < 0x7f; });
        if (key->empty() || key->size() > max_idempotency_key_bytes || !printable) {
            return problem(400, cat("Idempotency-Key: want 1 to ", max_idempotency_key_bytes,
                                    " printable ASCII characters without blanks"));
        }
        out.idempotency_key = *key;
    }
    out.if_match = trim_blanks(find_header(raw.headers, "if-match").value_or("")).substr(0, max_if_match_bytes);
    out.body_hash = sha256(raw.body);
    if (raw.body.empty()) return std::nullopt;
    const auto type = find_header(raw.headers, "content-type").value_or("");
    if (!ascii::equal_ignoring_case(trim_blanks(type.substr(0, type.find(';'))), "application/json")) {
        return problem(415, "want a body of the type application/json");
    }
    auto body = parse_json(raw.body, body_json);
    if (!body) return problem(400, cat("body: ", body.error().message));
    if (!body->is(Json::Kind::object)) return problem(400, "body: want an object");
    out.body = std::move(*body);
    return std::nullopt;
}

Reply ApiServer::State::answer(const ApiRoute& route, Request& request, const Credential& credential) {
    const bool may_be_secret = route.by_secret && !credential.cookie;
    if (may_be_secret && !route.permission) request.credential = credential.text;
    if (route.permission) {
        auto verified = verify(credential);
        if (!verified) {
            log(cat("access: ", verified.error().message));
            return problem(500, "the host failed; its log says why");
        }
        if (!verified->principal && may_be_secret && !credential.text.empty()) {
            request.credential = credential.text;
            return route.handler(request);
        }
        if (!verified->principal) {
            if (!credential.text.empty())
                log(cat("access: refused from ", request.client.text(), ": ", verified->fault));
            return refused();
        }
        // A login of one orchestrator reaches what may be read of itself; the handler compares which one.
        const auto needed =
            route.own && !verified->principal->orchestrator.empty() ? auth::Permission::own_read : *route.permission;
        if (!verified->principal->may(needed)) {
            log(cat("access: ", verified->principal->name, " may not ", route.method, " ", route.path));
            return problem(403, "this account may not do that");
        }
        request.principal = std::move(verified->principal);
        request.may_still = [this, credential, permission = needed] {
            const auto again = verify(credential);
            return again && again->principal && again->principal->may(permission);
        };
    }
    return route.handler(request);
}

void ApiServer::State::serve(http::ServerRequest&& raw, http::Responder responder) {
    const auto none_match = std::string(find_header(raw.headers, "if-none-match").value_or(""));
    const auto respond = [none_match](http::Responder& to, Reply reply) {
        static_cast<void>(to.respond(response_of(std::move(reply), none_match)));  // the client may be gone
    };
    const auto found = find(raw.method == "HEAD" ? "GET" : raw.method, raw.path);
    if (found.route == nullptr && found.allow.empty() && options.pages != nullptr) {
        if (options.pages->has(raw.path) || options.pages->redirect(raw.path)) {
            return serve_page(std::move(raw), std::move(responder));
        }
    }
    auto request = std::make_shared<Request>();
    request->last_event_id = find_header(raw.headers, "last-event-id").value_or("");
    if (auto reply = check(raw, found, *request)) return respond(responder, std::move(*reply));
    const bool login = found.route->rate == RateClass::login;
    auto& count = login ? logins_waiting : waiting;
    if (count.fetch_add(1) >= (login ? max_logins_waiting : max_waiting)) {
        --count;
        return respond(responder, problem_later(503, "too many requests wait", 1));
    }
    auto credential = credential_of(raw.headers, request->session);
    (login ? login_lane : lane)
        ->post([this, route = found.route, request, respond, credential = std::move(credential), &count,
                responder = std::move(responder)]() mutable {
            auto reply = answer(*route, *request, credential);
            --count;
            if (!reply.later) return respond(responder, std::move(reply));
            auto shared = std::make_shared<http::Responder>(std::move(responder));
            reply.later([respond, shared](Reply late) { respond(*shared, std::move(late)); });
        });
}

std::optional<Reply> ApiServer::State::check_page(const http::ServerRequest& raw, http::RouteTable::Match& match,
                                                  Credential& credential) {
    const bool safe = raw.method == "GET" || raw.method == "HEAD";
    const auto peer = address_of(raw.peer);
    const auto client =
        auth::client_address(peer, all_headers(raw.headers, "x-forwarded-for"), options.trusted_proxies);
    if (const auto wait_s = take(client, safe ? RateClass::read : RateClass::write); wait_s > 0) {
        return too_many(wait_s);
    }
    if (const auto to = options.pages->redirect(raw.path); safe && to) {
        return Reply{.status = temporary_redirect, .headers = cat("Location: ", *to, "\r\n")};
    }
    match = options.pages->find(raw.method, raw.path);
    if (!match.route) {
        auto reply = match.allow.empty() ? problem(404, "no such path") : problem(405, "this path has other methods");
        if (!match.allow.empty()) reply.headers += cat("Allow: ", match.allow, "\r\n");
        return reply;
    }
    if (raw.body.size() > match.route->max_body_bytes) {
        return problem(413, cat("body: want at most ", match.route->max_body_bytes, " bytes"));
    }
    const auto terms = browser_terms();
    const bool https = by_https(terms, raw.headers, peer);
    const auto origin = find_header(raw.headers, "origin");
    if (!safe && origin && !own_origin(terms, *origin, raw.headers, https)) {
        return problem(403, "requests from pages of another origin change nothing");
    }
    credential = credential_of(raw.headers, session_cookie(raw.headers, https));
    if (!credential.cookie) return std::nullopt;
    const auto why = refuse_page(terms, raw.headers, https, safe, credential.text);
    return why ? std::optional(problem(403, *why)) : std::nullopt;
}

void ApiServer::State::serve_page(http::ServerRequest&& raw, http::Responder responder) {
    responder.set_filter([reports = reports, instance = std::string(options.pages->owner_of(raw.path))](
                             http::ServerResponse& response) { reports->guard(instance, response); });
    http::RouteTable::Match match;
    Credential credential;
    auto refusal = check_page(raw, match, credential);
    raw.headers = page_request_headers(raw.headers);
    if (!refusal && credential.text.empty()) return match.route->handler(std::move(raw), std::move(responder));
    if (!refusal && waiting.fetch_add(1) >= max_waiting) {
        --waiting;
        refusal = problem_later(503, "too many requests wait", 1);
    }
    if (refusal) {
        static_cast<void>(responder.respond(response_of(std::move(*refusal), {})));
        return;
    }
    lane->post([this, route = match.route, credential = std::move(credential), raw = std::move(raw),
                responder = std::move(responder)]() mutable {
        pass_to_plugin(*route, credential, std::move(raw), std::move(responder));
        --waiting;
    });
}

void ApiServer::State::pass_to_plugin(const http::Route& route, const Credential& credential, http::ServerRequest raw,
                                      http::Responder responder) {
    auto verified = verify(credential);
    if (!verified) log(cat("access: ", verified.error().message));
    if (!verified || (!verified->principal && !credential.cookie)) {
        auto reply = verified ? refused() : problem(500, "the host failed; its log says why");
        static_cast<void>(responder.respond(response_of(std::move(reply), {})));
        return;
    }
    // The page of a session that has ended is still there, to log in again.
    const auto& principal = verified->principal;
    const bool counts =
        principal && (principal->orchestrator.empty() || (options.still_owner && options.still_owner(*principal)));
    if (counts) {
        raw.principal = principal->name;
        raw.role = auth::name_of(principal->role);
        raw.orchestrator = principal->orchestrator;
    }
    route.handler(std::move(raw), std::move(responder));
}

Result<std::unique_ptr<ApiServer>> ApiServer::create(ApiOptions options, Access& access, const Clock& clock,
                                                     std::function<void(const std::string&)> log,
                                                     std::vector<ApiRoute> routes, http::ServerThread& thread,
                                                     ThreadPool& threads) {
    const auto state = std::make_shared<State>(std::move(options), access, clock, std::move(log), std::move(routes));
    state->lane = threads.make_lane(api_threads);
    state->login_lane = threads.make_lane(login_threads);
    http::ServerOptions listener{
        .listen = state->options.listen,
        .error = [](int status, std::string_view why) { return response_of(problem(status, why), {}); },
        .max_connections = max_connections};
    if (!state->options.tls.certificate.empty()) {
        STIPEND_SET(listener.tls,
                    http::ServerTls::load(state->options.tls, [state = state.get()](const std::string& line) {
                        state->log("API: " + line);
                    }));
    }
    STIPEND_SET(state->server, http::Server::create(std::move(listener), &thread));
    std::unique_ptr<ApiServer> self(new ApiServer(state));
    // All methods and paths come here, so that what is refused is refused in one form.
    for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
        STIPEND_TRY(
            state->server->add_route({.method = method,
                                      .path = "/",
                                      .prefix = true,
                                      .handler =
                                          [state = state.get()](http::ServerRequest&& raw, http::Responder responder) {
                                              state->serve(std::move(raw), std::move(responder));
                                          },
                                      .max_body_bytes = max_body_bytes,
                                      .deadline_ms = deadline_ms}));
    }
    return self;
}

ApiServer::~ApiServer() {
    stop();
}

void ApiServer::stop() {
    if (state_->server) state_->server->stop();
    state_->server.reset();
    state_->lane->end();
    state_->login_lane->end();
}

const std::string& ApiServer::address() const {
    return state_->server->address();
}

const std::vector<ApiRoute>& ApiServer::routes() const {
    return state_->routes;
}

}  // namespace stipend::api
