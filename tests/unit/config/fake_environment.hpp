// An environment of a test's own: what is not put into it is not there.
#pragma once

#include <map>
#include <string>

#include "host/config/environment.hpp"

namespace stipend::config {

class FakeEnvironment final : public Environment {
  public:
    std::map<std::string, std::string> variables;
    std::map<std::string, std::string> files;

    [[nodiscard]] std::optional<std::string> get(const std::string& name) const override {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    }
    [[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max_bytes) const override {
        const auto found = files.find(path);
        if (found == files.end()) return fail(STIPEND_E_UNAVAILABLE, "cannot read ", path, ": No such file");
        if (found->second.size() > max_bytes) {
            return fail(STIPEND_E_LIMIT, "cannot read ", path, ": too large: got more than ", max_bytes, " bytes");
        }
        return found->second;
    }
};

}  // namespace stipend::config
