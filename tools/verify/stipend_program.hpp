// The program `stipend` that is installed with this one, asked by its subcommands: what the host knows is the host's to
// say.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/subprocess.hpp"
#include "stipend/duration.hpp"
#include "stipend/json.hpp"
#include "stipend/result.hpp"

namespace stipend::verify {

inline constexpr std::int64_t short_deadline_ns = 60 * ns_per_s;
inline constexpr std::int64_t long_deadline_ns = 600 * ns_per_s;

class StipendProgram {
  public:
    // UNAVAILABLE: it is not known where this program is.
    static Result<StipendProgram> installed_with_this(std::string config_file);

    // With `-c FILE` behind the arguments.
    [[nodiscard]] subprocess::Command command(std::vector<std::string> arguments, std::int64_t deadline_ns) const;
    // What it prints. UNAVAILABLE: it ends with a status other than 0 and those `taken`; the message is its own.
    [[nodiscard]] Result<subprocess::Ended> ask(const subprocess::Command& command,
                                                const std::vector<int>& taken = {}) const;
    // The same, as JSON.
    [[nodiscard]] Result<Json> ask_json(const subprocess::Command& command, const std::vector<int>& taken = {}) const;
    // The command line as it is typed.
    [[nodiscard]] std::string typed(std::string_view arguments) const;

  private:
    StipendProgram(std::string path, std::string config_file)
        : path_(std::move(path)), config_file_(std::move(config_file)) {}

    std::string path_;
    std::string config_file_;
};

// The text of a member: of a string, a number, "true" or "false"; empty where it is absent or null.
[[nodiscard]] std::string text_in(const Json& object, std::string_view key);
// The member; an object without members where it is absent.
[[nodiscard]] const Json& part_of(const Json& object, std::string_view key);

}  // namespace stipend::verify
