#include "host/runtime/role.hpp"

#include <algorithm>

namespace stipend::runtime {
namespace {

// An option that cannot change while a host runs.
struct FixedOption {
    const char* name;
    bool (*differs)(const config::Settings& a, const config::Settings& b);
};

template <auto Member>
constexpr FixedOption fixed(const char* name) {
    return {name, [](const config::Settings& a, const config::Settings& b) { return a.*Member != b.*Member; }};
}

constexpr FixedOption fixed_options[] = {
    fixed<&config::Settings::role>("role"),
    fixed<&config::Settings::state>("state"),
    {"network.chain_id",
     [](const config::Settings& a, const config::Settings& b) { return a.network.chain_id != b.network.chain_id; }},
    {"network.asset",
     [](const config::Settings& a, const config::Settings& b) { return a.network.asset != b.network.asset; }},
    {"networks",
     [](const config::Settings& a, const config::Settings& b) {
         return !std::ranges::equal(a.networks, b.networks, [](const auto& one, const auto& other) {
             return one.name == other.name && one.chain_id == other.chain_id && one.asset == other.asset;
         });
     }},
    fixed<&config::Settings::settlement>("settlement"),
    fixed<&config::Settings::worker_listen>("listen.worker"),
    fixed<&config::Settings::metrics_listen>("listen.metrics"),
    fixed<&config::Settings::worker_tls>("listen.worker_tls_*"),
    fixed<&config::Settings::metrics_tls>("listen.metrics_tls_*"),
    fixed<&config::Settings::api_listen>("listen.api"),
    fixed<&config::Settings::api>("api"),
    {"registration",
     [](const config::Settings& a, const config::Settings& b) {
         auto same = b.registration;
         same.dispatch = a.registration.dispatch;
         return a.registration != same;
     }},
    fixed<&config::Settings::signed_heads>("signed_heads"),
    fixed<&config::Settings::plugin_folder>("plugins.folder"),
    fixed<&config::Settings::plugin_trust>("plugins.trust"),
};

}  // namespace

std::optional<std::string> needs_restart(const config::Settings& now, const config::Settings& next) {
    for (const auto& option : fixed_options) {
        if (option.differs(now, next)) return cat(option.name, " cannot change while the host runs: restart it");
    }
    return std::nullopt;
}

Result<std::shared_ptr<http::ServerTls>> load_tls(const std::string& name, const config::ListenerTls& tls,
                                                  std::function<void(const std::string&)> log) {
    if (tls.certificate.empty()) return std::shared_ptr<http::ServerTls>();
    auto read = http::ServerTls::load(
        {.certificate = tls.certificate, .key = tls.key, .client_ca = tls.client_ca},
        [name, log = std::move(log)](const std::string& line) { log(cat("listen.", name, ": ", line)); });
    if (!read) return fail(read.error().status, "listen.", name, ": ", read.error().message);
    return read;
}

ledger::Namespace namespace_of(const config::Settings& settings) {
    return {.mode = settings.settlement == config::Settlement::dry_run ? ledger::Mode::dry_run : ledger::Mode::live,
            .chain_id = static_cast<std::uint64_t>(settings.network.chain_id)};
}

}  // namespace stipend::runtime
