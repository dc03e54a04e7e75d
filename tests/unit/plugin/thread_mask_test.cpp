// What a plugin's call does to the signals of the thread that it runs on.
#include "host/plugin/thread_mask.hpp"

#include <doctest/doctest.h>
#include <pthread.h>

#include <csignal>
#include <thread>

#include "host/plugin/calls.hpp"

using namespace stipend::plugin;

namespace {

const CallOwner first{.instance = "a", .plugin = "org.example.first", .file = "a.so", .sha256 = ""};
const CallOwner second{.instance = "b", .plugin = "org.example.second", .file = "b.so", .sha256 = ""};

bool blocked(int signal) {
    sigset_t mask{};
    REQUIRE(::pthread_sigmask(SIG_SETMASK, nullptr, &mask) == 0);
    return ::sigismember(&mask, signal) == 1;
}

void block(int signal) {
    sigset_t one{};
    sigaddset(&one, signal);
    REQUIRE(::pthread_sigmask(SIG_BLOCK, &one, nullptr) == 0);
}

void call(const CallOwner& owner, int signal = 0) {
    const CallScope scope(&owner, "decide");
    if (signal != 0) block(signal);
}

}  // namespace

TEST_CASE("the mask of a thread is put back after a look is asked for, and the only plugin called there is named") {
    static_cast<void>(take_mask_changes());
    std::thread([] {
        call(first);
        CHECK(take_mask_changes().empty());
        call(first, SIGSEGV);
        CHECK(blocked(SIGSEGV));  // nothing asked for a look since the last one
        look_at_thread_masks();
        {
            const CallScope outer(&first, "decide");
            call(first);
            CHECK(blocked(SIGSEGV));  // not while a call is in another
        }
        CHECK_FALSE(blocked(SIGSEGV));
        CHECK(take_mask_changes() == std::vector<const CallOwner*>{&first});
        look_at_thread_masks();
        call(first);
        CHECK(take_mask_changes().empty());
    }).join();
}

TEST_CASE("where several plugins were called on a thread since the last look, none is named") {
    static_cast<void>(take_mask_changes());
    std::thread([] {
        call(first);
        call(first, SIGSEGV);
        call(second);
        look_at_thread_masks();
        call(second);
        CHECK_FALSE(blocked(SIGSEGV));
        CHECK(take_mask_changes() == std::vector<const CallOwner*>{nullptr});
        look_at_thread_masks();
        call(second, SIGTERM);
        CHECK_FALSE(blocked(SIGTERM));
        CHECK(take_mask_changes() == std::vector<const CallOwner*>{&second});
    }).join();
}

TEST_CASE("a thread that looks after each call names the plugin however many are called there") {
    static_cast<void>(take_mask_changes());
    std::thread([] {
        look_at_mask_after_each_call();
        call(second);
        call(first, SIGSEGV);
        CHECK_FALSE(blocked(SIGSEGV));
        call(second);
        CHECK(take_mask_changes() == std::vector<const CallOwner*>{&first});
    }).join();
}
