#include "host/base/subprocess.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "stipend/duration.hpp"

using namespace stipend::subprocess;
using stipend::ns_per_ms;
using stipend::ns_per_s;

namespace {

Command shell(const std::string& script, std::int64_t deadline_ns = 20 * ns_per_s) {
    Command out;
    out.arguments = {"/bin/sh", "-c", script};
    out.deadline_ns = deadline_ns;
    return out;
}

}  // namespace

TEST_CASE("a program's output, errors and exit status are read") {
    const auto ended = run(shell("echo out; echo err >&2; exit 3"));
    REQUIRE(ended.ok());
    CHECK(ended->status == 3);
    CHECK(ended->out == "out\n");
    CHECK(ended->err == "err\n");
    CHECK_FALSE(ended->stopped);
}

TEST_CASE("a program gets its input, and may leave it unread") {
    auto command = shell("cat");
    command.input = std::string(max_input, 'x');
    CHECK(run(command)->out == command.input);
    command.arguments = {"/bin/sh", "-c", "exec <&-; echo done"};
    CHECK(run(command)->out == "done\n");
    command.input += 'x';
    CHECK(run(command).error().status == STIPEND_E_LIMIT);
}

TEST_CASE("a program that a signal ends has its number in the status") {
    CHECK(run(shell("kill -TERM $$"))->status == 128 + 15);
}

TEST_CASE("a program that does not end is killed at the deadline") {
    const auto began = std::chrono::steady_clock::now();
    const auto ended = run(shell("exec sleep 60", 50 * ns_per_ms));
    CHECK(ended.error().status == STIPEND_E_TIMEOUT);
    CHECK(ended.error().message == "/bin/sh: no end within 50ms");
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(20));
}

TEST_CASE("a program that prints too much is ended") {
    auto command = shell("exec cat /dev/zero");
    command.max_output = 1'000'000;
    CHECK(run(command).error().status == STIPEND_E_LIMIT);
    command.on_line = [](std::string_view) { return true; };
    CHECK(run(command).error().status == STIPEND_E_LIMIT);  // one line without an end
}

TEST_CASE("lines come one by one, until no more are wanted") {
    auto command = shell("echo a; echo b; echo c; exec sleep 60");
    std::vector<std::string> lines;
    command.on_line = [&](std::string_view line) {
        lines.emplace_back(line);
        return lines.size() < 2;
    };
    const auto ended = run(command);
    REQUIRE(ended.ok());
    CHECK(ended->stopped);
    CHECK(lines == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a program that is not there is an error") {
    Command command;
    command.arguments = {"/nowhere/stipend"};
    command.deadline_ns = ns_per_s;
    CHECK(run(command).error().message == "/nowhere/stipend: No such file or directory");
}
