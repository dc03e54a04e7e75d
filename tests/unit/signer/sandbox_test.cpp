#include "tools/signer/sandbox.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

// A sanitizer makes system calls of its own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace stipend::signer;

namespace {

// The status of a child that gives up what the signer gives up, and then does `work`.
template <class Work>
int status_of(Work work) {
    const auto child = ::fork();
    if (child == 0) {
        if (!restrict_system_calls()) ::_exit(99);
        work();
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return status;
}

bool is_killed(int status) {
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

}  // namespace

TEST_CASE("what the signer does not need ends the process") {
    CHECK(is_killed(status_of([] { (void)::socket(AF_INET, SOCK_STREAM, 0); })));
    CHECK(is_killed(status_of([] { (void)::open("/etc/passwd", O_RDONLY); })));
    CHECK(is_killed(status_of([] { (void)::fork(); })));
    CHECK(is_killed(status_of([] { (void)::execl("/bin/true", "true", nullptr); })));
    CHECK(is_killed(status_of(
        [] { (void)::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); })));
}

TEST_CASE("what it needs goes on") {
    CHECK(status_of([] {
              (void)::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              [[maybe_unused]] const auto written = ::write(STDERR_FILENO, "", 0);
          }) == 0);
}
#endif
