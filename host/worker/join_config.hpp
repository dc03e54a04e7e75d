// The configuration that `stipend worker join` writes: its text, and whether a file is one of its own. Pure.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace stipend::worker {

// What the command line says of the worker. Texts have no control characters and no `$`, which would be a reference.
struct JoinTerms {
    std::string manager;  // as config::read_origin returns it
    std::string ca;       // PEM file; empty: the system's authorities
    std::string id;
    std::string endpoint;
    std::string payout_address;
    std::string capability;
    std::string orchestrator;        // its own address beside the worker
    std::string orchestrator_cert;   // its certificate's file; empty: none, or plain HTTP
    std::vector<std::string> watch;  // "NAME", a container, or "NAME=TARGET"; none: what is found beside it
    std::filesystem::path state;
    std::string plugins;     // their folder; empty: the program's own
    std::string listen;      // host:port of the jobs
    std::string worker_url;  // at which the orchestrator reaches that
    std::string metrics;
};

// The files in the state folder that the configuration refers to, beside the secret that is the worker's own.
[[nodiscard]] std::filesystem::path key_seed_file(const std::filesystem::path& state);
[[nodiscard]] std::filesystem::path orchestrator_secret_file(const std::filesystem::path& state);

// INVALID: a text that a configuration would take for something else.
[[nodiscard]] Result<void> check_join_terms(const JoinTerms& terms);

// The whole file, without a secret. Its first line says which command wrote it, and holds the hash of the rest.
[[nodiscard]] std::string join_config_text(const JoinTerms& terms);

enum class ConfigOrigin {
    own,      // as the command wrote it
    changed,  // the command wrote it, and it was edited since
    foreign,  // the command did not write it
};
[[nodiscard]] ConfigOrigin origin_of_config(std::string_view text);

}  // namespace stipend::worker
