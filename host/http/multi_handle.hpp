// libcurl's multi handle, driven by epoll. It belongs to one thread, except `wake`.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host/base/file.hpp"
#include "stipend/result.hpp"

namespace stipend::http {

// Rationale: libcurl's own loop (curl_multi_perform, curl_multi_poll) is as fast while all exchanges are answered, but
// each of its turns costs time for every exchange that waits: with 3,000 silent ones it needs twice the CPU at 256 jobs
// at once and six times the CPU at 16. With epoll, an exchange that waits costs nothing.
class MultiHandle {
  public:
    struct Ended {
        CURL* easy;
        CURLcode code;
    };

    // Keeps at most `max_kept` idle connections. UNAVAILABLE where the system grants no descriptor.
    [[nodiscard]] static Result<std::unique_ptr<MultiHandle>> create(std::size_t max_kept);
    MultiHandle(const MultiHandle&) = delete;
    MultiHandle& operator=(const MultiHandle&) = delete;

    // Opens a connection's socket. Easy handles must use it, and `on_close` as their CURLOPT_CLOSESOCKETFUNCTION whose
    // data is the multi handle.
    [[nodiscard]] curl_socket_t open_socket(const curl_sockaddr& address);
    static int on_close(void* self, curl_socket_t fd) noexcept;
    // The CURLMOPT_SOCKETFUNCTION; public for tests.
    static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void*) noexcept;

    [[nodiscard]] CURLMcode add(CURL* easy) { return curl_multi_add_handle(multi_.get(), easy); }
    void remove(CURL* easy);

    // Performs what libcurl's timer asks for, if it is due.
    void run_timer();
    // Waits until a socket is ready, the timer is due, `wake` is called, or `until_ns` (steady clock) has come, and
    // performs what the sockets are ready for.
    void wait(std::optional<std::int64_t> until_ns);
    // Ends the wait that is under way, or the next one. [any thread]
    void wake() const;

    // A transfer that is over; it is still added.
    [[nodiscard]] std::optional<Ended> next_ended();
    // A transfer with a socket that the system refuses to watch; it is still added, and would wait for its timeout.
    [[nodiscard]] CURL* next_unwatched();

  private:
    struct Cleanup {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };
    // libcurl withdraws its interest in a socket when a transfer ends, and states the same interest again when the next
    // one begins on that connection. A connection's registration with the kernel therefore stays until an event arrives
    // that is not wanted, or the socket is closed: two system calls less for each exchange. Descriptors that libcurl
    // creates itself (its resolver's) are deregistered at once, since it also closes them itself.
    struct Socket {
        std::uint32_t registered = 0;
        std::uint32_t wanted = 0;
        bool is_connection = false;
    };

    MultiHandle(Fd epoll, Fd wake);
    [[nodiscard]] Socket& socket(int fd);
    [[nodiscard]] bool want(int fd, std::uint32_t events);
    void deregister(int fd);
    void perform(int fd, int events);
    [[nodiscard]] int wait_ms(std::optional<std::int64_t> until_ns) const;

    static int on_timer(CURLM*, long timeout_ms, void* self) noexcept;

    const Fd epoll_;
    const Fd wake_;
    std::vector<Socket> sockets_;           // by descriptor; the system assigns the lowest free number
    std::vector<CURL*> unwatched_;          // reported by `next_unwatched`
    std::optional<std::int64_t> timer_ns_;  // when libcurl wants to be called
    std::unique_ptr<CURLM, Cleanup> multi_;
};

}  // namespace stipend::http
