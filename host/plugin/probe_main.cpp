// stipend-probe: loads one library that is not trusted yet, and reports what it finds. Started by the host, never by
// people.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "host/base/file.hpp"
#include "host/plugin/trial/supervisor.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::plugin {
namespace {

void write_answer(int out, std::string text) {
    text += '\n';
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto put = ::write(out, rest.data(), rest.size());
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(put));
    }
}

// Six times the limit of one call, of which all calls together have four.
void limit_time(const std::string& call_ms) {
    const auto number = Decimal::parse(call_ms);
    const auto ms = number ? number->exact_scaled(0) : Result<std::int64_t>(number.error());
    const auto most = static_cast<rlim_t>(ms && *ms > 5000 && *ms < 1'000'000 ? *ms * 6 / 1000 : 30);
    const rlimit seconds{most, most};
    ::setrlimit(RLIMIT_CPU, &seconds);
}

int answer_request(int in, int out) {
    const auto text = read_all(in, 4u << 20);
    const auto request =
        text ? parse_json(*text, {.bytes = 4u << 20, .depth = 4, .nodes = 10'000}) : Result<Json>(text.error());
    if (!request) return 2;
    if (const auto* limit = request->find("call_ms")) limit_time(limit->text());
    write_answer(out, supervise(*request));
    return 0;
}

}  // namespace
}  // namespace stipend::plugin

// In a build with sanitizers: what an instance that is refused leaves behind is no leak of this program, and no end of
// it by exit status. The leak checker calls this by its name.
extern "C" __attribute__((used, visibility("default"))) int
__lsan_is_turned_off();                  // NOLINT(bugprone-reserved-identifier)
extern "C" int __lsan_is_turned_off() {  // NOLINT(bugprone-reserved-identifier)
    return 1;
}

int main(int argc, char** argv) {
    if (argc != 2 || std::strcmp(argv[1], "--answer-fd=3") != 0) {
        std::fprintf(
            stderr,
            "stipend-probe tries a plugin on behalf of stipend; to look at one, use: stipend plugins inspect FILE\n");
        return 2;
    }
    // It dies with its host, leaves no core behind, and cannot eat the machine.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    return stipend::plugin::answer_request(STDIN_FILENO, 3);
}
