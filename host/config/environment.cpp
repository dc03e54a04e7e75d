#include "host/config/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "host/base/file.hpp"

namespace stipend::config {

ProcessEnvironment::ProcessEnvironment() {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto end = text.find('=');
        if (end != std::string_view::npos) variables_.emplace(text.substr(0, end), text.substr(end + 1));
    }
}

std::optional<std::string> ProcessEnvironment::get(const std::string& name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::nullopt : std::optional(found->second);
}

Result<std::string> ProcessEnvironment::read_file(const std::string& path, std::size_t max_bytes) const {
    return stipend::read_file(path, max_bytes);
}

bool ProcessEnvironment::has_file(const std::string& path) const {
    std::error_code failed;
    return std::filesystem::exists(path, failed) || failed;
}

const std::vector<std::string_view>& old_environment_names() {
    static const std::vector<std::string_view> names{
        "PAYMENT_INTERVAL_SECONDS",
        "BASE_PAYMENT_USD",
        "PAYMENT_AMOUNT",
        "ETH_TO_USD",
        "MAX_CONSECUTIVE_FAILURES",
        "PUNISHMENT_MULTIPLIER",
        "CAPABILITY_NAME",
        "CAPABILITY_PRICE_PER_UNIT",
        "CAPABILITY_PRICE_SCALING",
        "CAPABILITY_CAPACITY",
        "CAPABILITY_URL",
        "CAPABILITY_DESCRIPTION",
        "ORCH_URL",
        "ORCHESTRATOR_URL",
        "ORCH_SECRET",
        "ORCHESTRATOR_SECRET",
        "PROOF_INTERVAL",
        "HEARTBEAT_TIMEOUT",
        "MIN_SERVICE_UPTIME",
        "MIN_UPTIME_THRESHOLD",
        "CHECK_INTERVAL",
        "MANAGER_URL",
        "GATEWAY_URL",
        "WORKER_URL",
        "SERVER_HOST",
        "SERVER_PORT",
        "ADMIN_EMAIL",
        "ADMIN_PASSWORD",
        "MANAGER_ADMIN_PASSWORD",
        "JWT_SECRET",
        "ORCHESTRATOR_ADDRESSES",
        "ETH_RPC_URL",
        "LOG_LEVEL",
    };
    return names;
}

std::vector<std::string> ignored_environment(const std::set<std::string>& names_read, const Environment& environment) {
    std::vector<std::string> out;
    for (const auto name : old_environment_names()) {
        std::string text(name);
        if (names_read.contains(text)) continue;
        const auto value = environment.get(text);
        if (value && !value->empty()) out.push_back(std::move(text));
    }
    return out;
}

bool known_default_secret(std::string_view text) {
    static constexpr std::array<std::string_view, 3> published{"orch-secret", "LivepeerManager2025!Secure", "admin"};
    return std::find(published.begin(), published.end(), text) != published.end();
}

}  // namespace stipend::config
