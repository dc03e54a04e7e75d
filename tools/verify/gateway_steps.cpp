#include "tools/verify/gateway_steps.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>

#include "livepeer/gateway_answer.hpp"
#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/url.hpp"
#include "tools/jobs/connection.hpp"
#include "tools/jobs/once.hpp"
#include "tools/jobs/tls.hpp"

namespace stipend::verify {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using Secure = ssl::stream<tcp::socket>;
using Code = boost::system::error_code;

constexpr std::int64_t connect_deadline_ns = 5 * ns_per_s;
constexpr std::int64_t answer_deadline_ns = 10 * ns_per_s;
constexpr std::size_t shown = 160;  // bytes of an answer
constexpr std::string_view own_words = "Unable to parse job request";

std::string text_of(const tcp::endpoint& endpoint) {
    const auto address = endpoint.address().to_string();
    return cat(endpoint.address().is_v6() ? cat("[", address, "]") : address, ":", endpoint.port());
}

// Runs until `ended` is set. What went wrong; empty: nothing.
std::string wait_for(asio::io_context& io, const std::optional<Code>& ended) {
    io.restart();
    io.run_for(std::chrono::nanoseconds(connect_deadline_ns));
    if (!ended) return cat("nothing within ", duration_text(connect_deadline_ns));
    return *ended ? ended->message() : std::string();
}

std::string connect(asio::io_context& io, tcp::socket& socket, const std::vector<tcp::endpoint>& endpoints) {
    std::optional<Code> ended;
    asio::async_connect(socket, endpoints, [&ended](const Code& error, const tcp::endpoint&) { ended = error; });
    return wait_for(io, ended);
}

// "TLSv1.3, certificate SHA-256 ..."
std::string session_of(Secure& stream) {
    auto* session = stream.native_handle();
    std::string out = SSL_get_version(session);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(session), &X509_free);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
    unsigned int size = 0;
    if (!certificate || X509_digest(certificate.get(), EVP_sha256(), hash.data(), &size) != 1) return out;
    return cat(out, ", certificate SHA-256 ", hex_encode(std::span<const std::uint8_t>(hash.data(), size)));
}

std::string head_without_header(const jobs::Way& way, std::string_view host) {
    return cat("POST ", way.url_path(), " HTTP/1.1\r\nHost: ", host, "\r\nContent-Type: application/json\r\n");
}

struct Asked {
    std::string problem;  // empty: there is an answer
    jobs::Answer answer;
    std::string said;  // the answer, in a message
};

Asked ask(const jobs::Way& way, const std::string& request) {
    Asked out;
    auto tls = jobs::verifying_context(way.ca_file);
    if (!tls) return {tls.error().message, {}, {}};
    const auto once = jobs::send_once(way.gateway, request, answer_deadline_ns, *tls);
    if (!once) return {once.error().message, {}, {}};
    if (once->ended.outcome != jobs::Outcome::succeeded) {
        return {cat(jobs::name_of(once->ended.outcome), ": ", once->ended.why), {}, {}};
    }
    out.answer = once->ended.answer;
    std::string_view body = out.answer.body;
    while (body.ends_with('\n')) body.remove_suffix(1);
    out.said = cat("status ", out.answer.status, ": \"", livepeer::printable(body, shown), "\"");
    return out;
}

}  // namespace

Found GatewaySteps::dns() {
    asio::io_context io(1);
    const auto server = jobs::look_up(io, way_.gateway);
    const auto parts = split_url(way_.gateway);
    const auto host = parts ? std::string(parts->host) : way_.gateway;
    if (!server) {
        return failed(server.error().message,
                      cat("correct the gateway's URL, or the names that this machine knows: getent hosts ", host));
    }
    authority_ = server->host;
    name_ = server->name;
    endpoints_ = server->endpoints;
    std::string all;
    for (const auto& one : endpoints_) all += cat(all.empty() ? "" : ", ", one.address().to_string());
    return passed(cat(host, " is ", all));
}

Found GatewaySteps::tcp() const {
    asio::io_context io(1);
    tcp::socket socket(io);
    const auto problem = connect(io, socket, endpoints_);
    if (problem.empty()) return passed(cat("connected to ", text_of(socket.remote_endpoint())));
    return failed(cat("no connection to ", authority_, ": ", problem),
                  cat("start the gateway, or open its port to this machine: curl -v ", way_.gateway, "/healthz"));
}

Found GatewaySteps::tls() const {
    if (name_.empty()) return not_needed("the gateway's URL is http: there is no TLS");
    const auto next = cat("`stipend byoc pin ", way_.gateway,
                          "` shows its certificate; one of an authority of your own is trusted by --ca-file FILE");
    auto context = jobs::verifying_context(way_.ca_file);
    if (!context) return failed(context.error().message, "correct --ca-file");
    asio::io_context io(1);
    Secure stream(io, *context);
    if (const auto problem = connect(io, stream.next_layer(), endpoints_); !problem.empty()) {
        return failed(cat("no connection to ", authority_, ": ", problem), next);
    }
    SSL_set_tlsext_host_name(stream.native_handle(), name_.c_str());
    Code ignored;
    stream.set_verify_callback(ssl::host_name_verification(name_), ignored);
    std::optional<Code> ended;
    stream.async_handshake(Secure::client, [&ended](const Code& error) { ended = error; });
    if (const auto problem = wait_for(io, ended); !problem.empty()) {
        return failed(cat("no TLS with ", authority_, ": ", problem), next);
    }
    return passed(session_of(stream));
}

Found GatewaySteps::route() const {
    const auto url = cat(way_.gateway, way_.url_path());
    const auto next =
        cat("have it be a Livepeer gateway of docs/livepeer.md, \"Versions\", with nothing else in between: "
            "curl -i -X POST ",
            url);
    const auto asked = ask(way_, jobs::request_of(head_without_header(way_, authority_), "{}"));
    if (!asked.problem.empty()) return failed(cat(url, ": ", asked.problem), next);
    if (asked.answer.status == 400 && asked.answer.body.starts_with(own_words)) return passed(asked.said);
    return failed(cat(url, ": ", asked.said, ", want 400 and \"", own_words, "\""), next);
}

Found GatewaySteps::sentinel() const {
    const std::string next = "look at the gateway's own log, and at docs/troubleshooting.md, \"The gateway\"";
    const jobs::Asked target{.address = std::string(livepeer::sentinel_address), .announced = {}};
    const auto asked = ask(way_, jobs::request_of(jobs::head_of(way_, authority_, target), "{}"));
    if (!asked.problem.empty()) return failed(asked.problem, next);
    if (livepeer::no_orchestrators_found(asked.answer.status, asked.answer.served_by, asked.answer.body)) {
        return passed(asked.said);
    }
    return failed(cat(asked.said, ", want \"No orchestrators found\""), next);
}

}  // namespace stipend::verify
