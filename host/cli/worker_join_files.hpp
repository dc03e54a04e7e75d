// The files of a worker that joins: each is made once, and belongs to the owner of the state folder.
#pragma once

#include <filesystem>
#include <string>

#include "host/worker/join_config.hpp"
#include "host/worker/own_secret.hpp"

namespace stipend::cli {

// The first line of a file that only its owner may read, or of standard input where `file` is "-". The message names
// `what`.
[[nodiscard]] Result<std::string> read_secret_line(const std::string& file, std::string_view what);

[[nodiscard]] Result<void> make_state_folder(const std::filesystem::path& folder);

struct JoinSecrets {
    worker::OwnSecret own;
    std::string worker_key;  // the public half of the key by which the worker signs
};
// Makes what is not there in the state folder: the seed of the worker's key, its own secret, and a copy of the
// orchestrator's secret.
[[nodiscard]] Result<JoinSecrets> make_join_files(const worker::JoinTerms& terms,
                                                  const std::string& orchestrator_secret);
// Whether the manager has taken the own secret before: then no invitation is needed.
[[nodiscard]] bool has_joined(const worker::JoinTerms& terms);
// Stores that the manager has taken the own secret.
[[nodiscard]] Result<void> store_registered(const worker::JoinTerms& terms, worker::OwnSecret& own);

// Writes the configuration, with mode 0600; made by root, with 0644, since the service reads it as another user and it
// has no secret. One that was edited stays as it is, where it names the same manager and id. Returns what was done.
// One that the installation brought, and that was not edited, is moved aside first.
// CONFIG: the file is another's, or is a worker's of another manager.
[[nodiscard]] Result<std::string> write_join_config(const worker::JoinTerms& terms, const std::filesystem::path& file,
                                                    const std::string& text);
// Whether `write_join_config` would be refused, without a change.
[[nodiscard]] Result<void> check_join_config(const worker::JoinTerms& terms, const std::filesystem::path& file);

}  // namespace stipend::cli
