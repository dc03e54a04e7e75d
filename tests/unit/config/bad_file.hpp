// A bad file and the very words that its author gets.
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

// What loading `text` as config.yaml says on a terminal; empty where all is well.
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
