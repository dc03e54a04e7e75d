#include "host/api/api_server.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "host/api/browser.hpp"
#include "host/auth/checked.hpp"
#include "host/auth/forwarded.hpp"
#include "host/base/printable.hpp"
#include "stipend/headers.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::api {
namespace {

constexpr unsigned api_threads = 2;
constexpr unsigned login_threads = 1;  // each hash of a password takes 19 MiB
constexpr std::uint32_t deadline_ms = 30'000;
constexpr std::size_t max_idempotency_key_bytes = 255;
constexpr std::size_t max_connections = 3'072;  // 2,000 of them may read events
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

// What a request proves itself by.
struct Credential {
    std::string text;     // of Authorization, or the cookie of a session
    bool cookie = false;  // which counts only where there is no Authorization
};

Credential credential_of(std::string_view headers, const std::string& session) {
    const auto authorization = find_header(headers, "authorization");
    if (!authorization) return {session, !session.empty()};
    const bool bearer = authorization->size() > 7 && ascii::equal_ignoring_case(authorization->substr(0, 7), "bearer ");
    return {std::string(bearer ? trim_blanks(authorization->substr(7)) : "")};
}

Reply refused() {
    return problem(401, auth::refused_answer);
}

Reply too_many(std::int64_t retry_after_s) {
    return problem_later(429, "too many requests", retry_after_s);
}

}  // namespace

struct ApiServer::State {
    State(ApiOptions given, Access& to, const Clock& by, std::function<void(const std::string&)> log_to,
          std::vector<ApiRoute> table)
        : options(std::move(given)), access(to), clock(by), log(std::move(log_to)), routes(std::move(table)) {}

    ApiOptions options;
    Access& access;
    const Clock& clock;
    std::function<void(const std::string&)> log;
    std::vector<ApiRoute> routes;
    std::mutex mutex;
    RateLimits limits;  // guarded by mutex
    std::atomic<std::size_t> waiting{0}, logins_waiting{0};
    std::unique_ptr<ThreadPool> pool, login_pool;
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
    // On a thread of the pool.
    [[nodiscard]] Reply answer(const ApiRoute& route, Request& request, const Credential& credential);
    [[nodiscard]] Result<Access::Verified> verify(const Credential& credential) {
        const AccessTime now{clock.now(), clock.monotonic()};
        return credential.cookie ? access.verify_session(credential.text, now) : access.verify(credential.text, now);
    }
    [[nodiscard]] BrowserTerms browser_terms() const {
        return {!options.tls.certificate.empty(), options.origin, options.trusted_proxies};
    }
    void serve(http::ServerRequest&& raw, http::Responder responder);
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
    {
        const std::lock_guard lock(mutex);
        const auto wait_s = limits.take(client_key(out.client), found.route->rate, clock.monotonic());
        if (wait_s > 0) return too_many(wait_s);
    }
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
    out.body_hash = auth::sha256(raw.body);
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
    (login ? login_pool : pool)
        ->post([this, route = found.route, request, respond, credential = std::move(credential), &count,
                responder = std::move(responder)]() mutable {
            auto reply = answer(*route, *request, credential);
            --count;
            if (!reply.later) return respond(responder, std::move(reply));
            auto shared = std::make_shared<http::Responder>(std::move(responder));
            reply.later([respond, shared](Reply late) { respond(*shared, std::move(late)); });
        });
}

Result<std::unique_ptr<ApiServer>> ApiServer::create(ApiOptions options, Access& access, const Clock& clock,
                                                     std::function<void(const std::string&)> log,
                                                     std::vector<ApiRoute> routes, http::ServerThread& thread) {
    const auto state = std::make_shared<State>(std::move(options), access, clock, std::move(log), std::move(routes));
    STIPEND_SET(state->pool, ThreadPool::create(api_threads, "stipend-api"));
    STIPEND_SET(state->login_pool, ThreadPool::create(login_threads, "stipend-login"));
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
    state_->pool.reset();
    state_->login_pool.reset();
}

const std::string& ApiServer::address() const {
    return state_->server->address();
}

const std::vector<ApiRoute>& ApiServer::routes() const {
    return state_->routes;
}

std::vector<ApiRoute> auth_routes(Access& access, const Clock& clock,
                                  const std::function<void(const std::string&)>& log) {
    const auto time = [&clock] { return AccessTime{clock.now(), clock.monotonic()}; };
    const auto reply_of = [log](const Result<Access::Login>& login, std::string_view who) {
        if (!login) {
            log(cat("access: ", login.error().message));
            return problem_of(login.error());
        }
        if (login->retry_after_s > 0) return too_many(login->retry_after_s);
        if (!login->tokens) {
            log(cat("access: login refused: ", printable_line(clip(who, 256)), ": ", login->fault));
            return refused();
        }
        return json_reply(Json::object()
                              .append("access_token", login->tokens->access)
                              .append("token_type", "bearer")
                              .append("expires_in", login->tokens->lifetime_s)
                              .append("refresh_token", login->tokens->refresh));
    };
    std::vector<ApiRoute> out;
    out.push_back({.method = "POST",
                   .path = "/api/v1/auth/login",
                   .permission = std::nullopt,
                   .rate = RateClass::login,
                   .handler = [&access, time, reply_of](const Request& request) {
                       const auto email = request.text("email", 254);
                       const auto password = request.text("password", auth::max_password_bytes);
                       if (!email) return problem_of(email.error());
                       if (!password) return problem_of(password.error());
                       return reply_of(access.login(*email, *password, request.client, time()), *email);
                   }});
    out.push_back({.method = "POST",
                   .path = "/api/v1/auth/refresh",
                   .permission = std::nullopt,
                   .rate = RateClass::write,
                   .handler = [&access, time, reply_of](const Request& request) {
                       const auto token = request.text("refresh_token", auth::max_token_bytes);
                       if (!token) return problem_of(token.error());
                       return reply_of(access.renew(*token, time()), "a refresh token");
                   }});
    out.push_back({.method = "POST",
                   .path = "/api/v1/auth/logout",
                   .permission = auth::Permission::own_read,
                   .rate = RateClass::write,
                   .handler = [&access, log](const Request& request) {
                       const auto done = access.log_out(*request.principal);
                       if (done) return Reply{.status = 204};
                       log(cat("access: ", done.error().message));
                       return problem_of(done.error());
                   }});
    return out;
}

}  // namespace stipend::api
