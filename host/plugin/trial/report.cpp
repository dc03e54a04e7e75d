#include "host/plugin/trial/report.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>  // NOLINT(modernize-deprecated-headers): CLOCK_MONOTONIC
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace stipend::plugin {
namespace {

template <std::size_t N>
void copy(char (&field)[N], std::string_view text) {
    const auto length = std::min(text.size(), N - 1);
    std::memcpy(field, text.data(), length);
    field[length] = '\0';
}

}  // namespace

Report* Report::map() {
    void* memory =
        ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<Report*>(memory);
}

void Report::begin(std::string_view what) {
    copy(call, what);
    since_ns.store(true_monotonic_ns());
}

void Report::set_rule(std::string_view name) {
    copy(rule, name);
}

void Report::end() {
    since_ns.store(0);
}

void Report::finish(std::string_view text) {
    if (text.size() > sizeof answer) text = R"({"error":"plugin describes itself with more than 8 MiB"})";
    std::memcpy(answer, text.data(), text.size());
    answer_bytes = static_cast<std::uint32_t>(text.size());
    answered.store(1);
}

std::int64_t true_monotonic_ns() {
    timespec now{};
    ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace stipend::plugin
