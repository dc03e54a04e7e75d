#include "host/config/environment.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <system_error>

namespace stipend::config {

std::optional<std::string> ProcessEnvironment::get(const std::string& name) const {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<std::string> ProcessEnvironment::read_file(const std::string& path, std::size_t max_bytes) const {
    const auto refused = [&](int error) {
        return fail(STIPEND_E_UNAVAILABLE, "cannot read ", path, ": ", std::generic_category().message(error));
    };
    // "e": not inherited by children.
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
    if (!file) return refused(errno);
    struct stat info {};
    if (::fstat(::fileno(file.get()), &info) != 0) return refused(errno);
    if (S_ISDIR(info.st_mode)) return refused(EISDIR);
    std::string out;
    std::array<char, 65536> part{};
    while (const auto got = std::fread(part.data(), 1, part.size(), file.get())) {
        out.append(part.data(), got);
        if (out.size() > max_bytes) {
            return fail(STIPEND_E_LIMIT, path, " is too large: want at most ", max_bytes, " bytes");
        }
    }
    if (std::ferror(file.get()) != 0) return refused(errno);
    return out;
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

bool published_secret(std::string_view text) {
    static constexpr std::array<std::string_view, 3> published{"orch-secret", "LivepeerManager2025!Secure", "admin"};
    return std::find(published.begin(), published.end(), text) != published.end();
}

}  // namespace stipend::config
