// The epoll loop under libcurl, where the system refuses something.
#include "host/http/multi_handle.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "host/http/easy_handle.hpp"

using namespace stipend;
using namespace stipend::http;

TEST_CASE("a socket that the system refuses to watch is reported with its transfer, once") {
    auto multi = MultiHandle::create(10);
    REQUIRE(multi.ok());
    const EasyHandle easy(curl_easy_init());
    const EasyHandle removed(curl_easy_init());
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));  // epoll refuses it: EPERM
    CHECK(MultiHandle::on_socket(easy.get(), null.get(), CURL_POLL_IN, multi->get(), nullptr) == 0);
    CHECK(MultiHandle::on_socket(removed.get(), null.get(), CURL_POLL_IN, multi->get(), nullptr) == 0);
    (*multi)->remove(removed.get());
    CHECK((*multi)->next_unwatched() == easy.get());
    CHECK((*multi)->next_unwatched() == nullptr);
}

TEST_CASE("a wake-up ends the next wait") {
    auto multi = MultiHandle::create(10);
    REQUIRE(multi.ok());
    (*multi)->wake();
    (*multi)->wait(std::nullopt);
    (*multi)->wake();
    (*multi)->wait(std::nullopt);
}
