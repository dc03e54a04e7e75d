// Any bytes from a client of the server, on a real connection: what reaches a handler has one framing and can be split
// again, does not depend on how the bytes arrive, and every answer is well-formed. Bodies go on to the readers of the
// control socket.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include "host/engine/adjust.hpp"
#include "host/engine/archive_request.hpp"
#include "host/http/header_lines.hpp"
#include "host/http/response_head.hpp"
#include "host/http/session.hpp"
#include "stipend/ascii.hpp"
#include "stipend/headers.hpp"
#include "stipend/json.hpp"
#include "tests/fuzz/target.hpp"

using namespace stipend;
using namespace stipend::http;

namespace {

constexpr std::size_t most_body = 512;

struct Seen {
    std::vector<ServerRequest> requests;
    std::string answers;
};

class Host final : public SessionHost {
  public:
    explicit Host(Seen& seen) : seen_(seen) {
        for (const char* method : {"GET", "POST"}) {
            add(method, "/job", false);
            add(method, "/tree/", true);
        }
        // A handler that gives no answer.
        const auto lost = [this](ServerRequest&& request, const Responder&) {
            seen_.requests.push_back(std::move(request));
        };
        FUZZ_REQUIRE(routes_.add(9, {.method = "POST", .path = "/lost", .handler = lost}).ok());
    }
    [[nodiscard]] const ServerOptions& options() const override { return options_; }
    [[nodiscard]] boost::asio::io_context& io() override { return io_; }
    [[nodiscard]] RouteTable::Match find(std::string_view method, std::string_view path) override {
        return routes_.find(method, path);
    }
    [[nodiscard]] bool draining() const override { return false; }
    void on_session_opened(Session*) override { ++open_; }
    void on_session_closed(Session*) override { --open_; }
    [[nodiscard]] bool busy() const { return open_ != 0; }

  private:
    void add(const char* method, const char* path, bool prefix) {
        const auto added = routes_.add(1, {.method = method,
                                           .path = path,
                                           .prefix = prefix,
                                           .handler =
                                               [this](ServerRequest&& request, Responder responder) {
                                                   const auto length = std::to_string(request.body.size());
                                                   seen_.requests.push_back(std::move(request));
                                                   FUZZ_REQUIRE(responder.respond({.body = length}).ok());
                                                   FUZZ_REQUIRE(!responder.respond({.body = length}).ok());
                                               },
                                           .max_body_bytes = most_body});
        FUZZ_REQUIRE(added.ok());
    }

    Seen& seen_;
    boost::asio::io_context io_{1};
    ServerOptions options_{.max_header_bytes = 2'048};
    RouteTable routes_;
    int open_ = 0;
};

// All that a client gets that sends `text` in two parts, and that the handlers get from it.
Seen serve(std::string_view text, std::size_t cut) {
    Seen seen;
    const auto host = std::make_shared<Host>(seen);
    int ends[2];
    FUZZ_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    std::make_shared<Session>(*host, Socket(host->io(), {AF_UNIX, 0}, ends[0]), nullptr)->start();
    const auto send = [&](std::string_view part) {
        FUZZ_REQUIRE(part.empty() ||
                     ::send(ends[1], part.data(), part.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(part.size()));
    };
    const auto receive = [&] {
        char buffer[4'096];
        for (;;) {
            const auto got = ::recv(ends[1], buffer, sizeof buffer, MSG_DONTWAIT);
            if (got <= 0) return;
            seen.answers.append(buffer, static_cast<std::size_t>(got));
        }
    };
    if (cut < text.size()) {
        send(text.substr(0, cut));
        host->io().poll();
        receive();
        text.remove_prefix(cut);
    }
    if (host->busy()) send(text);
    ::shutdown(ends[1], SHUT_WR);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (host->busy()) {
        FUZZ_REQUIRE(std::chrono::steady_clock::now() < until);
        host->io().restart();
        if (host->io().poll() == 0) host->io().run_one_for(std::chrono::milliseconds(1));
        receive();
    }
    receive();
    ::close(ends[1]);
    return seen;
}

// RFC 9112, 6: what a body's length follows from. Another reading of it, as by a proxy, would split requests otherwise.
void check_request(const ServerRequest& request) {
    FUZZ_REQUIRE(is_token(request.method) && request.path.starts_with('/'));
    FUZZ_REQUIRE(request.path.find('?') == std::string::npos);
    for (const auto* text : {&request.path, &request.query}) {
        for (const char c : *text) FUZZ_REQUIRE(static_cast<unsigned char>(c) > 0x20 && c != 0x7f);
    }
    FUZZ_REQUIRE(request.body.size() <= most_body || request.path == "/lost");
    const auto fields = parse_header_lines(request.headers);
    FUZZ_REQUIRE(fields.ok());
    std::size_t codings = 0;
    std::size_t lengths = 0;
    for (const auto& field : *fields) {
        FUZZ_REQUIRE(field.name == ascii::to_lower(field.name));
        if (field.name == "transfer-encoding") {
            ++codings;
            FUZZ_REQUIRE(ascii::equal_ignoring_case(field.value, "chunked"));
        } else if (field.name == "content-length") {
            ++lengths;
            FUZZ_REQUIRE(std::stoull(std::string(field.value)) == request.body.size());
        }
    }
    FUZZ_REQUIRE(codings <= 1 && (codings == 0 || lengths == 0));
    if (codings + lengths == 0) FUZZ_REQUIRE(request.body.empty());
}

// One answer after the other; returns how many have status 200.
std::size_t check_answers(std::string_view answers) {
    std::size_t good = 0;
    while (!answers.empty()) {
        ResponseHead head(4'096);
        while (!head.complete()) {
            if (answers.empty() && head.status() == 100) return good;  // its body never came
            const auto end = answers.find('\n');
            FUZZ_REQUIRE(end != std::string_view::npos);
            FUZZ_REQUIRE(!head.take(answers.substr(0, end + 1)));
            answers.remove_prefix(end + 1);
        }
        const auto status = head.status();
        FUZZ_REQUIRE(status == 200 || status == 400 || status == 404 || status == 405 || status == 413 ||
                     status == 431 || status == 504);
        good += status == 200 ? 1U : 0U;
        const auto length = find_header(head.fields(), "content-length");
        FUZZ_REQUIRE(length.has_value());
        // An answer to HEAD has a length and no body.
        if (answers.starts_with("HTTP/1.1 ") || answers.empty()) continue;
        const auto bytes = std::stoull(std::string(*length));
        FUZZ_REQUIRE(bytes <= answers.size());
        answers.remove_prefix(bytes);
    }
    return good;
}

void check_control(std::string_view body) {
    constexpr stipend_unix_ns now = 1'755'530'000'000'000'000;
    const auto json = parse_json(body);
    if (!json) return;
    if (const auto request = engine::parse_archive_request(*json)) {
        FUZZ_REQUIRE(request->file.starts_with('/'));
    }
    const auto request = engine::parse_adjustment(*json);
    if (!request) return;
    FUZZ_REQUIRE(request->from < request->to && !request->orchestrator.empty() && !request->by.empty());
    const std::vector<ledger::Gap> unpaid{{.orchestrator = 1, .from = now - 7'200'000'000'000, .to = now},
                                          {.orchestrator = 1, .from = now - 60'000'000'000}};
    const engine::AdjustTerms terms{
        .orchestrator = 1, .interval_ns = 60'000'000'000, .base = Usd::of_e8(10 * e8), .usd_per_eth_e8 = 2000 * e8};
    const auto row = engine::make_adjustment(*request, terms, unpaid, now);
    if (!row) return;
    FUZZ_REQUIRE(row->to <= now && row->from < row->to && row->at == now);
    FUZZ_REQUIRE(row->usd.negative() == (row->wei.text().front() == '-') || row->wei.zero());
    if (request->usd) FUZZ_REQUIRE(row->usd == *request->usd);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::size_t cut = input.number(2);
    const auto text = input.rest();
    const auto whole = serve(text, text.size());
    for (const auto& request : whole.requests) check_request(request);
    std::size_t answered = 0;
    for (const auto& request : whole.requests) answered += request.path == "/lost" ? 0U : 1U;
    FUZZ_REQUIRE(check_answers(whole.answers) == answered);
    for (const auto& request : whole.requests) check_control(request.body);
    if (cut == 0 || cut >= text.size()) return 0;
    const auto parts = serve(text, cut);
    FUZZ_REQUIRE(parts.requests.size() == whole.requests.size());
    for (std::size_t at = 0; at < whole.requests.size(); ++at) {
        FUZZ_REQUIRE(parts.requests[at].path == whole.requests[at].path);
        FUZZ_REQUIRE(parts.requests[at].headers == whole.requests[at].headers);
        FUZZ_REQUIRE(parts.requests[at].body == whole.requests[at].body);
    }
    // A malformed head that is never complete is answered with 400, or not at all.
    FUZZ_REQUIRE(check_answers(parts.answers) == answered);
    return 0;
}
