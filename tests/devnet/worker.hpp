// The worker inside the devnet: answers POST /agent-net as a real one does, or as its orchestrator's script wants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/devnet/faults.hpp"
#include "tests/devnet/world.hpp"

namespace stipend::devnet {

struct ScriptedJob {
    std::string_view capability;
    std::string_view url;   // of the worker, with the job's path
    std::string_view body;  // the client's
    std::int64_t unix_ns = 0;
    std::int64_t timeout_ns = 0;
};

// Pure: what the worker answers, and after how long. `struck` says whether the behaviour's fault meets this job.
[[nodiscard]] WorkerResult scripted_answer(const Behaviour& behaviour, bool struck, const ScriptedJob& job);

// A Go client's bound: the first request and those that redirects lead to.
inline constexpr int max_worker_requests = 10;
inline constexpr std::string_view bad_gzip_text = "gzip: invalid header";
// The text of a redirect beyond it; the location is printed as the worker wrote it.
[[nodiscard]] std::string endless_redirect_error(std::string_view location);

// A failed request in a Go client's words: `Post "URL": what`.
[[nodiscard]] std::string go_post_error(std::string_view url, std::string_view what);

}  // namespace stipend::devnet
