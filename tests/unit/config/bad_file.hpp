// A bad file and the exact report about it.
#pragma once

#include <string>
#include <string_view>

#include "fake_environment.hpp"
#include "host/config/load.hpp"

namespace stipend::config {

struct BadFile {
    const char* what;
    const char* text;
    const char* problems;
};

// The report of loading `text` as config.yaml, as on a terminal; empty where it has no problem.
inline std::string problems_of(std::string_view text) {
    FakeEnvironment environment;
    environment.variables["CREDENTIALS_DIRECTORY"] = "/creds";
    environment.variables["BAD_INTERVAL"] = "soon";
    environment.files["/creds/interval"] = "hunter2\n";
    Problems problems;
    static_cast<void>(load_text("config.yaml", std::string(text), environment, problems));
    return problems.text();
}

}  // namespace stipend::config
