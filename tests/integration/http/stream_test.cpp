// Responses whose end is not known.
#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>

#include "host/http/server.hpp"
#include "tests/integration/http/exchange.hpp"
#include "tests/integration/http/scripted_server.hpp"

using namespace stipend;
using namespace stipend::http;
using namespace stipend::test;

namespace {

// A body that a test adds pieces to.
class Pieces final : public BodyStream {
  public:
    void begin(std::function<void()> wake) override {
        const std::lock_guard lock(mutex_);
        wake_ = std::move(wake);
    }
    Piece next() override {
        const std::lock_guard lock(mutex_);
        if (pieces_.empty()) return {};
        auto out = std::move(pieces_.front());
        pieces_.pop_front();
        return out;
    }
    void end() override {
        const std::lock_guard lock(mutex_);
        wake_ = nullptr;
        ended_ = true;
        changed_.notify_all();
    }
    void add(Piece piece) {
        const std::lock_guard lock(mutex_);
        pieces_.push_back(std::move(piece));
        if (wake_) wake_();
    }
    bool wait_for_end() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return ended_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Piece> pieces_;
    std::function<void()> wake_;
    bool ended_ = false;
};

struct Streaming {
    explicit Streaming(ServerOptions options = {}) {
        options.listen = "127.0.0.1:0";
        auto made = Server::create(std::move(options));
        STIPEND_ASSERT(made.ok());
        server = std::move(*made);
        const auto added = server->add_route(
            {.method = "GET", .path = "/x", .handler = [body = body](ServerRequest&&, Responder responder) {
                 STIPEND_ASSERT(responder.respond({.status = 200, .headers = "X-A: b", .stream = body}).ok());
             }});
        STIPEND_ASSERT(added.ok());
    }
    std::shared_ptr<Pieces> body = std::make_shared<Pieces>();
    std::unique_ptr<Server> server;
};

constexpr std::string_view ask = "GET /x HTTP/1.1\r\n\r\n";
constexpr std::string_view head = "HTTP/1.1 200 OK\r\nX-A: b\r\nconnection: close\r\n\r\n";

}  // namespace

TEST_CASE("pieces are sent as they come, and the connection ends with the last one") {
    Streaming scene;
    scene.body->add({.text = "one,"});
    Wire wire(connect_to(scene.server->address()));
    wire.write(ask);
    CHECK(without_date(wire.read_until("one,")) == cat(head, "one,"));
    scene.body->add({.text = "two,"});
    CHECK(wire.read_until("two,") == "two,");
    scene.body->add({.text = "three", .over = true});
    CHECK(wire.read_all() == "three");
    CHECK(scene.body->wait_for_end());
}

TEST_CASE("a body that is over at once has only its head") {
    Streaming scene;
    scene.body->add({.over = true});
    Wire wire(connect_to(scene.server->address()));
    wire.write(ask);
    CHECK(without_date(wire.read_all()) == head);
}

TEST_CASE("HEAD gets no piece") {
    Streaming scene;
    scene.body->add({.text = "one,"});
    Wire wire(connect_to(scene.server->address()));
    wire.write("HEAD /x HTTP/1.1\r\n\r\n");
    CHECK(without_date(wire.read_all()) == head);
}

TEST_CASE("a client that closes ends its body, though nothing is sent") {
    Streaming scene;
    {
        Wire wire(connect_to(scene.server->address()));
        wire.write(ask);
        CHECK(without_date(wire.read_until("\r\n\r\n")) == head);
    }
    CHECK(scene.body->wait_for_end());
    scene.body->add({.text = "late"});  // goes nowhere
}

TEST_CASE("a client that takes nothing is closed after the write timeout") {
    Streaming scene({.write_timeout_ms = 100});
    Wire wire(connect_to(scene.server->address()));
    wire.write(ask);
    CHECK(without_date(wire.read_until("\r\n\r\n")) == head);
    scene.body->add({.text = std::string(64 << 20, 'x')});
    CHECK(scene.body->wait_for_end());
}

TEST_CASE("a stop closes streams, and does not wait for their clients") {
    Streaming scene({.stop_timeout_ms = 60'000});
    Wire wire(connect_to(scene.server->address()));
    wire.write(ask);
    CHECK(without_date(wire.read_until("\r\n\r\n")) == head);
    scene.server->stop();
    CHECK(wire.peer_closed());
    CHECK(scene.body->wait_for_end());
}
