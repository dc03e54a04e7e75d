// Names that lead elsewhere after a while. The resolver of this program is scripted: it knows moved.test.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <netdb.h>

#include <atomic>

#include "stipend/ascii.hpp"
#include "tests/integration/http/exchange.hpp"
#include "tests/integration/http/scripted_server.hpp"

using namespace stipend;
using namespace stipend::http;
using namespace stipend::test;

namespace {

std::atomic<const char*> moved_to = "127.0.0.1";
std::atomic<int> lookups = 0;

}  // namespace

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
    static const auto real = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    if (name == nullptr || !ascii::equal_ignoring_case(name, "moved.test")) return real(name, service, hints, found);
    ++lookups;
    return real(moved_to, service, hints, found);
}

TEST_CASE("each connection asks for its name, and an exchange on one that is open does not") {
    ScriptedServer server([](Wire& wire, int) {
        wire.read_request();
        wire.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        wire.read_request();
        wire.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    auto client = make_client();
    const auto url = cat("http://Moved.test:", server.port(), "/");
    lookups = 0;
    moved_to = "127.0.0.2";  // nothing listens there
    CHECK(exchange(*client, get(url)).response.cause == Cause::refused);
    CHECK(lookups == 1);
    moved_to = "127.0.0.1";
    CHECK(exchange(*client, get(url)).message() == "");
    CHECK(lookups == 2);
    CHECK(exchange(*client, get(url)).message() == "");
    CHECK(lookups == 2);  // by the same connection
    CHECK(exchange(*client, get(url)).message() == "");
    CHECK(lookups == 3);
}
