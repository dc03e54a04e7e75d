// A host that a test controls, and the completions of its operations.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <vector>

#include "stipend/plugin.hpp"

namespace sdk_test {

using namespace stipend;

struct Answer {
    stipend_op op;
    stipend_status status;
    bool has_record;
    std::string message;
};

class TestHost {
  public:
    enum class Thread : std::uint8_t { control, pool, neither };

    TestHost() : raw_{sizeof raw_, 0, this, "test", "1", &get_interface} {}
    TestHost(const TestHost&) = delete;
    TestHost& operator=(const TestHost&) = delete;

    [[nodiscard]] const stipend_host* raw() const { return &raw_; }
    [[nodiscard]] Host host() const { return Host(&raw_); }
    [[nodiscard]] stipend_completion completion(stipend_op op) const { return {&raw_, op, &on_done}; }

    // Fires all timers, in order.
    void run_timers() {
        while (!timers.empty()) {
            const auto next = timers.front();
            timers.pop_front();
            next.fired(next.user);
        }
    }
    // Ends the last exchange.
    void end_exchange(stipend_status status, const char* body) {
        stipend_http_response response{};
        response.size = sizeof response;
        response.body = bytes_to_abi(body);
        auto error = empty_error();
        exchange.done(exchange.user, status, &response, &error);
    }

    struct Timed {
        stipend_op op;
        stipend_timer_fired fired;
        void* user;
    };
    struct Exchange {
        stipend_http_chunk on_part;
        stipend_http_done done;
        void* user;
    };
    Thread thread = Thread::control;  // reported as the caller's thread
    std::vector<std::string> logged;
    std::vector<Answer> answers;
    std::deque<Timed> timers;
    Exchange exchange{};

  private:
    static TestHost& of(const stipend_host* h) { return *static_cast<TestHost*>(h->host_data); }
    static void on_done(const stipend_host* h, stipend_op op, stipend_status status, const void* record,
                        const stipend_error* e) {
        const auto message = e == nullptr ? std::string() : from_abi(status, e).message;
        of(h).answers.push_back({op, status, record != nullptr, message});
    }
    static const void* get_interface(const stipend_host* h, const char* id);

    stipend_host raw_;
};

inline constexpr auto minute_terms = stipend::make_terms(60'000'000'000, 10 * e8);

// An instance of the plugin class T, created as by a host.
template <class T>
class Made {
  public:
    explicit Made(TestHost& host) : host_(host) {
        host_.thread = TestHost::Thread::control;
        auto error = empty_error();
        const auto status = lifecycle.create(host_.raw(), to_abi(T::info.id), to_abi("test"), to_abi("{}"),
                                             &minute_terms, &raw_, &error);
        REQUIRE_MESSAGE(status == STIPEND_OK, error.message);
    }
    ~Made() {
        host_.thread = TestHost::Thread::control;
        lifecycle.destroy(raw_);
    }
    Made(const Made&) = delete;
    Made& operator=(const Made&) = delete;
    [[nodiscard]] stipend_instance* get() const { return raw_; }
    template <class Table>
    [[nodiscard]] const Table& table(const char* id) const {
        const auto* found = lifecycle.get_interface(raw_, id);
        REQUIRE(found != nullptr);
        return *static_cast<const Table*>(found);
    }

    static constexpr const stipend_lifecycle_v1& lifecycle = detail::Library<T>::lifecycle;

  private:
    TestHost& host_;
    stipend_instance* raw_ = nullptr;
};

// The end of a child process that ran `body`.
struct Death {
    int signal;  // 0: it exited
    std::string said;
};
Death fate_of(void (*body)());

}  // namespace sdk_test
