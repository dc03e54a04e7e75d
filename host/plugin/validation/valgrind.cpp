#include <algorithm>
#include <set>

#include "host/base/file.hpp"
#include "host/plugin/trial_request.hpp"
#include "host/plugin/validation/validator.hpp"

namespace stipend::plugin {
namespace {

constexpr const char* program = "/usr/bin/valgrind";
constexpr int times_slower = 20;
constexpr std::uintmax_t most_log_bytes = 16u << 20;
constexpr std::size_t most_errors = 20;

// The text between two marks behind `from`; empty where they are not there.
std::string_view between(std::string_view text, std::string_view begin, std::string_view end, std::size_t from = 0) {
    const auto first = text.find(begin, from);
    if (first == std::string_view::npos) return {};
    const auto last = text.find(end, first + begin.size());
    return last == std::string_view::npos ? std::string_view()
                                          : text.substr(first + begin.size(), last - first - begin.size());
}

// An error whose stack goes through the library: what it is, and the library's own function that is nearest to it.
std::optional<std::string> error_of(std::string_view error, const std::string& library) {
    const auto frame_at = error.find(cat("<obj>", library, "</obj>"));
    if (frame_at == std::string_view::npos) return std::nullopt;
    auto what = between(error, "<what>", "</what>");
    if (what.empty()) what = between(error, "<text>", "</text>");
    const auto frame_end = error.find("</frame>", frame_at);
    const auto frame = error.substr(frame_at, frame_end - frame_at);
    auto where = std::string(between(frame, "<fn>", "</fn>"));
    if (const auto file = between(frame, "<file>", "</file>"); !file.empty()) {
        where += cat(" (", file, ":", between(frame, "<line>", "</line>"), ")");
    }
    return cat("got \"", what, "\" in ", where.empty() ? "code without a name" : where, ", want no error of memory");
}

void read_log(const std::string& log, const std::string& library, std::set<std::string>& out) {
    for (std::size_t at = log.find("<error>"); at != std::string::npos && out.size() < most_errors;
         at = log.find("<error>", at + 1)) {
        const auto found = error_of(between(log, "<error>", "</error>", at), library);
        if (found) out.insert(*found);
    }
}

}  // namespace

Result<std::vector<std::string>> run_valgrind(const Staged& staged, const ProbeConfig& config,
                                              const ProbeOptions& options) {
    std::error_code ec;
    if (!std::filesystem::exists(program, ec)) {
        return fail(STIPEND_E_UNAVAILABLE, "no valgrind: got nothing at ", program, ", want it installed");
    }
    const auto logs = staged.copy.parent_path() / "valgrind";
    std::filesystem::create_directories(logs, ec);
    if (ec) return fail(STIPEND_E_UNAVAILABLE, "cannot make ", logs.native(), ": ", ec.message());
    auto slower = options;
    slower.timeout_ms *= times_slower;
    TrialRequest request;
    request.wrapper = {program,
                       "--quiet",
                       "--vgdb=no",
                       "--xml=yes",
                       cat("--xml-file=", (logs / "log.%p").native()),
                       "--leak-check=full",
                       "--show-leak-kinds=definite",
                       "--num-callers=30"};
    STIPEND_LET(answer, try_part(staged.copy, staged.source, config, request, slower));
    std::set<std::string> errors;
    for (const auto& file : std::filesystem::directory_iterator(logs, ec)) {
        const auto log = read_file(file.path(), most_log_bytes);
        if (log) read_log(*log, staged.copy.native(), errors);
    }
    std::filesystem::remove_all(logs, ec);
    if (answer.failed && errors.empty()) errors.insert(cat("the trial ended early: ", answer.failed->text));
    return std::vector<std::string>(errors.begin(), errors.end());
}

}  // namespace stipend::plugin
