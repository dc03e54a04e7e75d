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
    const char* diagnostics;
};

// The report of loading `text` as config.yaml, as on a terminal; empty where it has no diagnostic.
inline std::string diagnostics_of(std::string_view text) {
    FakeEnvironment environment;
    environment.variables["CREDENTIALS_DIRECTORY"] = "/creds";
    environment.variables["BAD_INTERVAL"] = "soon";
    environment.files["/creds/interval"] = "hunter2\n";
    Diagnostics diagnostics;
    static_cast<void>(load_text("config.yaml", std::string(text), environment, diagnostics));
    return diagnostics.text();
}

}  // namespace stipend::config
