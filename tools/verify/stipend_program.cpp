#include "tools/verify/stipend_program.hpp"

#include <algorithm>
#include <utility>

#include "host/base/program_paths.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::verify {
namespace {

constexpr std::size_t most_message = 300;  // bytes of a message

// The last line that is not empty: the error, behind warnings.
std::string last_line(std::string_view text) {
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    const auto from = text.rfind('\n');
    return std::string(clip(from == std::string_view::npos ? text : text.substr(from + 1), most_message));
}

}  // namespace

Result<StipendProgram> StipendProgram::installed_with_this(std::string config_file) {
    STIPEND_LET(folder, own_folder());
    return StipendProgram((folder_of_stipend(folder) / "stipend").native(), std::move(config_file));
}

subprocess::Command StipendProgram::command(std::vector<std::string> arguments, std::int64_t deadline_ns) const {
    arguments.insert(arguments.begin(), path_);
    arguments.insert(arguments.end(), {"-c", config_file_});
    subprocess::Command out;
    out.arguments = std::move(arguments);
    out.deadline_ns = deadline_ns;
    return out;
}

Result<subprocess::Ended> StipendProgram::ask(const subprocess::Command& command, const std::vector<int>& taken) const {
    STIPEND_LET(ended, subprocess::run(command));
    if (ended.stopped || ended.status == 0 || std::ranges::find(taken, ended.status) != taken.end()) return ended;
    const auto said = last_line(ended.err.empty() ? ended.out : ended.err);
    return fail(STIPEND_E_UNAVAILABLE, said.empty() ? cat("exit status ", ended.status) : said);
}

Result<Json> StipendProgram::ask_json(const subprocess::Command& command, const std::vector<int>& taken) const {
    STIPEND_LET(ended, ask(command, taken));
    return parse_json(ended.out, {.bytes = command.max_output, .depth = 32, .nodes = 2'000'000});
}

std::string StipendProgram::typed(std::string_view arguments) const {
    return cat("stipend ", arguments, " -c ", config_file_);
}

std::string text_in(const Json& object, std::string_view key) {
    const auto* found = object.find(key);
    return found == nullptr ? std::string() : found->text();
}

const Json& part_of(const Json& object, std::string_view key) {
    static const Json none = Json::object();
    const auto* found = object.find(key);
    return found == nullptr ? none : *found;
}

}  // namespace stipend::verify
