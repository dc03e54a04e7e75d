// Listening sockets: addresses, and the mode and stale files of unix sockets.
#include "host/http/listener.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "host/http/server.hpp"
#include "tests/integration/http/exchange.hpp"

using namespace stipend;
using namespace stipend::http;
using namespace stipend::test;

namespace {

std::string fresh_path() {
    static int count = 0;
    return (std::filesystem::temp_directory_path() / cat("stipend-listen-", ::getpid(), "-", ++count, ".sock"))
        .string();
}

std::unique_ptr<Server> serve_at(const std::string& path) {
    auto server = Server::create({.unix_socket = path});
    STIPEND_ASSERT(server.ok());
    return std::move(*server);
}

}  // namespace

TEST_CASE("a unix socket is created for its owner only, serves, and is removed at the end") {
    const auto path = fresh_path();
    {
        auto server = serve_at(path);
        struct stat found {};
        REQUIRE(::lstat(path.c_str(), &found) == 0);
        CHECK((found.st_mode & 0777) == 0600);
        REQUIRE(server
                    ->add_route({.method = "GET",
                                 .path = "/x",
                                 .handler =
                                     [](const ServerRequest& request, Responder responder) {
                                         (void)responder.respond({.status = 200, .body = request.peer});
                                     }})
                    .ok());
        auto request = get("http://stipend/x");
        request.unix_socket = path;
        CHECK(exchange(*make_client(), request).response.body == "unix");
    }
    CHECK(!std::filesystem::exists(path));
}

TEST_CASE("a unix socket that a process listens on is a conflict, and stays") {
    const auto path = fresh_path();
    auto first = serve_at(path);
    auto second = Server::create({.unix_socket = path});
    REQUIRE(!second.ok());
    CHECK(second.error().status == STIPEND_E_CONFLICT);
    CHECK(second.error().message.find("another process answers there") != std::string::npos);
    auto request = get("http://stipend/x");
    request.unix_socket = path;
    CHECK(exchange(*make_client(), request).response.status == 404);
}

TEST_CASE("a stale unix socket is replaced") {
    const auto path = fresh_path();
    {
        const Fd left_over(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        REQUIRE(::bind(left_over.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    REQUIRE(std::filesystem::exists(path));
    auto server = serve_at(path);
    auto request = get("http://stipend/x");
    request.unix_socket = path;
    CHECK(exchange(*make_client(), request).response.status == 404);
}

TEST_CASE("a file that is no socket is unchanged") {
    const auto path = fresh_path();
    std::ofstream(path) << "precious";
    auto server = Server::create({.unix_socket = path});
    REQUIRE(!server.ok());
    CHECK(server.error().status == STIPEND_E_CONFLICT);
    CHECK(std::filesystem::file_size(path) == 8);
    std::filesystem::remove(path);
}

TEST_CASE("an earlier server does not remove the socket of a later one") {
    const auto path = fresh_path();
    auto first = serve_at(path);
    std::filesystem::remove(path);
    auto second = serve_at(path);
    first.reset();
    CHECK(std::filesystem::exists(path));
}

TEST_CASE("listen addresses are numeric, with a port") {
    for (const std::string address :
         {"", "127.0.0.1", ":8010", "localhost:80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80", "[::1]",
          "1.2.3:80", "127.0.0.1:-1", "127.0.0.1:123456789012345678901234567890"}) {
        CAPTURE(address);
        auto server = Server::create({.listen = address});
        REQUIRE(!server.ok());
        CHECK(server.error().status == STIPEND_E_INVALID);
    }
}

TEST_CASE("an address in use is a conflict that names it") {
    auto first = Server::create({.listen = "127.0.0.1:0"});
    REQUIRE(first.ok());
    auto second = Server::create({.listen = (*first)->address()});
    REQUIRE(!second.ok());
    CHECK(second.error().status == STIPEND_E_CONFLICT);
    CHECK(second.error().message == cat("listen address ", (*first)->address(), ": Address already in use"));
}
