#include "tools/jobs/host_config.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "host/config/environment.hpp"
#include "host/config/load.hpp"
#include "host/http/exchange.hpp"
#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::jobs {
namespace {

constexpr std::size_t max_status_bytes = 16U << 20;
constexpr std::uint32_t status_timeout_ms = 10'000;
constexpr std::string_view dispatch = "dispatch.config.";
// Of the dispatcher's configuration.
constexpr std::string_view used[] = {"gateway",   "capability",           "app",         "path", "timeout", "signer",
                                     "max_price", "max_price_per_second", "ticket_value"};

// Is the diagnostic about what is read here?
bool matters(const config::Diagnostic& diagnostic) {
    const std::string_view path = diagnostic.path;
    if (path.starts_with(dispatch)) {
        return std::find(std::begin(used), std::end(used), path.substr(dispatch.size())) != std::end(used);
    }
    return path.empty() || path.starts_with("state") || path.starts_with("orchestrator") ||
           path.starts_with("dispatch");
}

std::string text_in(const config::Tree& tree, std::string_view key) {
    const auto* found = tree ? tree->find(key) : nullptr;
    return found == nullptr ? std::string() : found->text;
}

// Nothing is paid where there is none.
Result<Wei> limit_in(const config::Tree& tree, std::string_view key) {
    const auto text = text_in(tree, key);
    if (text.empty()) return Wei();
    auto wei = Wei::parse(text);
    if (!wei) return std::move(wei).error().in(cat(dispatch, key));
    return wei;
}

bool calls_runners(const config::Dispatch& dispatcher) {
    return std::filesystem::path(dispatcher.plugin).stem() == "runner";
}

}  // namespace

const config::Dispatch& chosen_dispatcher(const config::Settings& settings, std::string_view wanted) {
    for (const auto* one : config::dispatchers_of(settings)) {
        if (wanted == "runner" ? calls_runners(*one) : !text_in(one->config, "gateway").empty()) return *one;
    }
    return settings.dispatch;
}

Result<HostConfig> read_host_config(const std::string& file, std::string_view wanted) {
    const config::ProcessEnvironment environment;
    config::Diagnostics diagnostics;
    auto loaded = config::load(file, environment, diagnostics);
    const auto listed = diagnostics.sorted();
    if (std::any_of(listed.begin(), listed.end(), matters)) return fail(STIPEND_E_CONFIG, diagnostics.text());
    const auto& settings = loaded.settings;
    const auto& dispatcher = chosen_dispatcher(settings, wanted);
    const auto& tree = dispatcher.config;
    HostConfig out;
    out.state = settings.state;
    out.way.gateway = std::string(livepeer::without_slash(text_in(tree, "gateway")));
    if (const auto name = text_in(tree, "capability"); !name.empty()) out.way.capability = name;
    out.by_runner = calls_runners(dispatcher);
    if (out.by_runner) {
        if (const auto app = text_in(tree, "app"); !app.empty()) out.way.capability = app;
        out.terms.signer = std::string(livepeer::without_slash(text_in(tree, "signer")));
        STIPEND_SET(out.terms.max_price, limit_in(tree, "max_price"));
        STIPEND_SET(out.terms.max_second, limit_in(tree, "max_price_per_second"));
        STIPEND_SET(out.terms.ticket, limit_in(tree, "ticket_value"));
    }
    out.way.path = text_in(tree, "path");
    if (const auto text = text_in(tree, "timeout"); !text.empty()) {
        STIPEND_LET(ns, parse_duration(text));
        out.way.timeout_s = static_cast<std::uint32_t>(std::min<std::int64_t>(ns / ns_per_s, max_timeout_s + 1));
    }
    for (const auto& one : settings.orchestrators) {
        if (config::dispatcher_of(settings, one) != dispatcher.name) continue;
        out.orchestrators.push_back({one.address, one.service_addresses});
    }
    out.settings = std::move(loaded.settings);
    return out;
}

Result<std::vector<std::string>> paid_by_host(const std::string& state) {
    std::vector<std::string> out;
    const auto socket = std::filesystem::path(state) / "control.sock";
    std::error_code missing;
    if (!std::filesystem::exists(socket, missing)) return out;
    STIPEND_LET(client, http::CurlClient::create());
    http::HttpRequest request{.url = "http://stipend/status", .unix_socket = socket.native()};
    request.timeout_ms = status_timeout_ms;
    request.max_response_bytes = max_status_bytes;
    const auto answer = http::exchange(*client, std::move(request));
    // A host that was killed leaves its socket behind.
    if (!answer) return out;
    STIPEND_LET(json, parse_json(answer->body, {.bytes = max_status_bytes, .depth = 16, .nodes = 2'000'000}));
    const auto* orchestrators = json.find("orchestrators");
    if (orchestrators == nullptr) return out;  // a worker's
    for (const auto& one : orchestrators->items()) {
        if (const auto* address = one.find("address"); address != nullptr) out.push_back(address->text());
    }
    return out;
}

std::string first_paid(const std::vector<Asked>& orchestrators, const std::vector<std::string>& paid) {
    if (orchestrators.empty()) return paid.empty() ? std::string() : paid.front();
    for (const auto& one : orchestrators) {
        const auto same = [&](const auto& address) { return livepeer::same_address(address, one.address); };
        if (std::any_of(paid.begin(), paid.end(), same)) return one.address;
    }
    return {};
}

}  // namespace stipend::jobs
