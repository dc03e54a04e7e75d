#include "host/cli/worker_unit.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace stipend::cli {
namespace {

constexpr const char* unit_name = "stipend-worker";
constexpr const char* unit_config = "/etc/stipend/worker.yaml";

Result<void> run_systemctl(std::vector<std::string> words) {
    words.insert(words.begin(), "systemctl");
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = -1;
    if (const int failed = ::posix_spawnp(&child, "systemctl", nullptr, nullptr, arguments.data(), environ);
        failed != 0) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot run systemctl: ", std::strerror(failed));
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return fail(STIPEND_E_UNAVAILABLE, "systemctl: ", std::strerror(errno));
    }
    if (status == 0) return {};
    return fail(STIPEND_E_UNAVAILABLE, "systemctl ", words[1], " failed: `journalctl -u ", unit_name, "` says why");
}

}  // namespace

std::string start_command(const std::filesystem::path& config_file) {
    if (config_file == unit_config) return cat("systemctl enable --now ", unit_name);
    return cat("stipend run -c ", config_file.native());
}

bool can_start_unit(const std::filesystem::path& config_file) {
    std::error_code error;
    return config_file == unit_config && ::geteuid() == 0 &&
           std::filesystem::is_directory("/run/systemd/system", error);
}

Result<void> start_unit(bool again) {
    STIPEND_TRY(run_systemctl({"enable", unit_name}));
    return run_systemctl({again ? "restart" : "start", unit_name});
}

}  // namespace stipend::cli
