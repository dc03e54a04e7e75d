#include "host/base/not_in_children.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

using stipend::NotInChildren;

namespace {

// Whether a forked process has the descriptor.
bool child_has(int fd) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(::fcntl(fd, F_GETFD) >= 0 ? 1 : 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WEXITSTATUS(status) == 1;
}

}  // namespace

TEST_CASE("a descriptor is closed in a forked process while it is guarded, and stays open here") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    CHECK(child_has(ends[0]));
    {
        NotInChildren first(ends[0]);
        const NotInChildren guard(std::move(first));
        CHECK_FALSE(child_has(ends[0]));
        CHECK(child_has(ends[1]));
        CHECK(::fcntl(ends[0], F_GETFD) >= 0);
    }
    CHECK(child_has(ends[0]));
    ::close(ends[0]);
    ::close(ends[1]);
}
