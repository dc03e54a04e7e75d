// What a configuration may take from outside its file: environment variables, files, credentials.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::config {

// Where outside values come from; a map in tests. Thread-safe.
class Environment {
  public:
    Environment() = default;
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    virtual ~Environment() = default;
    // The variable's value, or nothing where it is not set.
    [[nodiscard]] virtual std::optional<std::string> get(const std::string& name) const = 0;
    // The whole file. UNAVAILABLE where it cannot be read; LIMIT where it holds more than `max_bytes`.
    [[nodiscard]] virtual Result<std::string> read_file(const std::string& path, std::size_t max_bytes) const = 0;
    // False where there is certainly no such file; one that cannot be looked at is for read_file to report.
    [[nodiscard]] virtual bool has_file(const std::string& path) const { return read_file(path, SIZE_MAX).ok(); }
};

// The process's, with its variables as they are when this is made: what the code of a plugin sets later is not read, so
// that no reload takes amounts or addresses from there.
class ProcessEnvironment final : public Environment {
  public:
    ProcessEnvironment();
    [[nodiscard]] std::optional<std::string> get(const std::string& name) const override;
    [[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max_bytes) const override;
    [[nodiscard]] bool has_file(const std::string& path) const override;

  private:
    std::map<std::string, std::string, std::less<>> variables_;
};

// The names that the Python deployment read, in the order they were documented in.
[[nodiscard]] const std::vector<std::string_view>& old_environment_names();

// The old names that are set, yet fed no value of the configuration just loaded (`names_read`): either another role
// reads them, or the file gives the value itself. They are reported, since their owner believes in them.
[[nodiscard]] std::vector<std::string> ignored_environment(const std::set<std::string>& names_read,
                                                           const Environment& environment);

// True for the passwords and secrets that the Python deployment published with its sources.
[[nodiscard]] bool known_default_secret(std::string_view text);

}  // namespace stipend::config
