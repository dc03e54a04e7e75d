#include "livepeer/worker_settings.hpp"

#include <algorithm>

#include "livepeer/wire.hpp"
#include "stipend/hex.hpp"
#include "stipend/url.hpp"

namespace livepeer {

using stipend::cat;
using stipend::ConfigView;
using stipend::ns_per_s;
using stipend::Result;

namespace {

constexpr std::size_t most_prefix = 256;

Result<std::string> url_of(const ConfigView& config, const std::string& otherwise = "") {
    STIPEND_LET(url, otherwise.empty() ? config.string() : config.string_or(otherwise));
    if (auto good = check_url(url); !good) return config.refuse(good.error().message);
    return std::string(without_slash(url));
}

Result<std::string> hex_of_32_bytes(const ConfigView& config, std::string_view what) {
    STIPEND_LET(text, config.string_or(""));
    // Fingerprints are often written with colons, and a file ends with a line end.
    std::erase_if(text, [](unsigned char c) { return c == ':' || c <= 0x20; });
    if (!text.empty() && (!stipend::is_hex(text) || text.size() != 64)) {
        return config.refuse("got ", text.size(), " characters, want ", what, ": 64 hex digits");
    }
    return text;
}

// An absolute path, read later, and again and again.
Result<std::string> path_of(const ConfigView& config) {
    STIPEND_LET(path, config.string());
    if (!path.starts_with('/')) return config.refuse("got \"", printable(path, 80), "\", want an absolute path");
    return path;
}

// The one of tls: none, pin_sha256, orchestrator_cert and orchestrator_ca that is given; otherwise the system's roots.
Result<ServerTrust> trust_of(const ConfigView& config, std::string_view orchestrator) {
    const auto tls = config.at("tls");
    STIPEND_LET(mode, tls.string_or("verify"));
    if (mode != "verify" && mode != "none") return tls.refuse("got \"", mode, "\", want verify or none");
    ServerTrust out;
    std::string_view given = mode == "none" ? "tls" : "";
    if (mode == "none") out.by = ServerTrust::By::any;
    const auto take = [&](std::string_view key, ServerTrust::By by, auto read) -> Result<void> {
        const auto view = config.at(key);
        if (!view.present()) return {};
        STIPEND_LET(value, read(view));
        if (value.empty()) return {};
        if (!given.empty()) return view.refuse("got it beside ", given, ", want one rule for the certificate");
        if (!orchestrator.starts_with("https://")) {
            return view.refuse("got it for ", orchestrator, ", want an https URL");
        }
        given = key;
        out = {by, value};
        return {};
    };
    STIPEND_TRY(take("pin_sha256", ServerTrust::By::pin,
                     [](const ConfigView& view) { return hex_of_32_bytes(view, "the SHA-256 of a certificate"); }));
    STIPEND_TRY(take("orchestrator_cert", ServerTrust::By::certificate, path_of));
    STIPEND_TRY(take("orchestrator_ca", ServerTrust::By::ca_file, path_of));
    return out;
}

// Empty, or a path that begins with a slash and does not end in one.
Result<std::string> prefix_of(const ConfigView& config) {
    STIPEND_LET(text, config.string_or(""));
    if (text.empty()) return text;
    const bool whole = text.starts_with('/') && text.size() <= most_prefix && check_path(text).ok();
    const auto prefix = std::string(without_slash(text));
    if (whole && !prefix.empty() && !prefix.ends_with('/')) return prefix;
    return config.refuse("got \"", printable(text, 80), "\", want nothing, or a path such as /live");
}

}  // namespace

Result<std::string> plain_config_text(const ConfigView& config, std::string otherwise, std::size_t most) {
    STIPEND_LET(text, config.string_or(std::move(otherwise)));
    const bool printable_only =
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
    if (!printable_only || text.size() > most) {
        return config.refuse("got ", text.size(), " bytes, want at most ", most,
                             " characters of printable ASCII, and no line end");
    }
    return text;
}

Result<void> parse_worker_orchestrator(const ConfigView& config, WorkerSettings& out) {
    STIPEND_LET(orchestrator, url_of(config.at("orchestrator")));
    out.orchestrator = orchestrator;
    STIPEND_LET(registers, config.at("register").boolean_or(true));
    out.registers = registers;
    STIPEND_LET(secret, plain_config_text(config.at("secret"), "", 1024));
    out.secret = secret;
    if (registers && secret.empty()) {
        return config.at("secret").refuse("missing, want the orchestrator's -orchSecret (or register: false)");
    }
    STIPEND_SET(out.trust, trust_of(config, orchestrator));
    const auto id = config.at("orchestrator_id");
    STIPEND_SET(out.orchestrator_id, plain_config_text(id, "", 256));
    // Empty, as of a variable that is not set, is as good as none.
    if (out.orchestrator_id.empty()) out.orchestrator_id = stipend::split_url(orchestrator)->authority;
    return {};
}

Result<void> parse_worker_answers(const ConfigView& config, WorkerSettings& out) {
    STIPEND_SET(out.prefix, prefix_of(config.at("prefix")));
    STIPEND_SET(out.url, url_of(config.at("url"), cat(out.url, out.prefix)));
    STIPEND_SET(out.capacity, config.at("capacity").integer_or(out.capacity, 1, 10'000));
    if (const auto least = config.at("min_uptime"); least.present()) {
        STIPEND_SET(out.min_uptime_ppm, least.percent());
    }
    const auto window = config.at("window");
    STIPEND_LET(window_ns, window.duration_or(out.window_s * ns_per_s, ns_per_s, most_window_s * ns_per_s));
    if (window_ns % ns_per_s != 0) {
        return window.refuse("got ", stipend::duration_text(window_ns), ", want whole seconds");
    }
    out.window_s = static_cast<std::uint32_t>(window_ns / ns_per_s);
    STIPEND_SET(out.key_seed, hex_of_32_bytes(config.at("key_seed"), "the seed of an Ed25519 key"));
    STIPEND_SET(out.listener, config.at("listener").string_or(out.listener));
    return {};
}

}  // namespace livepeer
