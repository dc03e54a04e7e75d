#include "host/runtime/control_server.hpp"

#include "stipend/json_parse.hpp"

namespace stipend::runtime {
namespace {

constexpr std::uint32_t soon_ms = 120'000;
constexpr std::uint64_t max_body_bytes = 1 << 20;  // a list of orchestrators
constexpr std::uint32_t slow_ms = 86'400'000;

http::ServerResponse json_response(int status, const Json& json) {
    return {.status = status, .headers = "Content-Type: application/json\r\n", .body = json.dump() + "\n"};
}

}  // namespace

std::filesystem::path control_socket(const std::string& state_folder) {
    return std::filesystem::path(state_folder) / "control.sock";
}

ControlServer::~ControlServer() {
    stop();
}

void ControlServer::stop() {
    stopping_ = true;
    if (server_) server_->stop();
    lanes_.slow->close();
    lanes_.quick->close();
}

Result<std::unique_ptr<ControlServer>> ControlServer::create(const std::string& state_folder,
                                                             http::ServerThread& thread, Lanes lanes) {
    std::unique_ptr<ControlServer> self(new ControlServer(std::move(lanes)));
    STIPEND_SET(self->server_, http::Server::create({.unix_socket = control_socket(state_folder).native()}, &thread));
    return self;
}

Result<void> ControlServer::route(const char* method, const char* path, Work work) {
    return add(method, path, std::move(work), lanes_.serial, soon_ms);
}

Result<void> ControlServer::quick_route(const char* method, const char* path, Work work) {
    return add(method, path, std::move(work), lanes_.quick, soon_ms);
}

Result<void> ControlServer::slow_route(const char* method, const char* path, Work work) {
    return add(method, path, std::move(work), lanes_.slow, slow_ms);
}

Result<void> ControlServer::stream_route(const char* method, const char* path, Open open) {
    auto handler = [lane = lanes_.quick, open = std::move(open)](http::ServerRequest request,
                                                                 http::Responder responder) {
        lane->post([open, request = std::move(request), responder = std::move(responder)]() mutable {
            const auto body = request.body.empty() ? Result<Json>(Json::object()) : parse_json(request.body);
            auto stream = body ? open(*body) : Result<std::shared_ptr<http::BodyStream>>(body.error());
            const auto sent =
                responder.respond(stream ? http::ServerResponse{.status = 200,
                                                                .headers = "Content-Type: text/event-stream\r\n",
                                                                .stream = std::move(*stream)}
                                         : http::error_response(409, stream.error().message));
            static_cast<void>(sent);  // the client may be gone
        });
    };
    STIPEND_TRY(
        server_->add_route({.method = method, .path = path, .handler = std::move(handler), .deadline_ms = soon_ms}));
    return {};
}

Result<void> ControlServer::add(const char* method, const char* path, Work work, std::shared_ptr<Lane> lane,
                                std::uint32_t deadline_ms) {
    auto handler = [lane = std::move(lane), work = std::move(work)](http::ServerRequest request,
                                                                    http::Responder responder) {
        lane->post([work, request = std::move(request), responder = std::move(responder)]() mutable {
            auto body = request.body.empty() ? Result<Json>(Json::object()) : parse_json(request.body);
            auto answer = body ? work(*body) : Result<Json>(body.error());
            const auto sent = responder.respond(answer ? json_response(200, *answer)
                                                       : http::error_response(409, answer.error().message));
            static_cast<void>(sent);  // the client may be gone
        });
    };
    STIPEND_TRY(server_->add_route({.method = method,
                                    .path = path,
                                    .handler = std::move(handler),
                                    .max_body_bytes = max_body_bytes,
                                    .deadline_ms = deadline_ms}));
    return {};
}

}  // namespace stipend::runtime
