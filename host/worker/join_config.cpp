#include "host/worker/join_config.hpp"

#include <algorithm>

#include "host/base/printable.hpp"
#include "host/base/sha256.hpp"
#include "stipend/json.hpp"

namespace stipend::worker {
namespace {

constexpr std::string_view join_mark = "# Written by `stipend worker join`. SHA-256 of what follows: ";

std::string hash_text(std::string_view text) {
    return sha256_hex(text);
}

// A double-quoted text of JSON is one of YAML.
std::string quoted(const std::string& text) {
    return Json(text).dump();
}

std::string option(std::size_t blanks, std::string_view name, const std::string& text) {
    return text.empty() ? std::string() : cat(std::string(blanks, ' '), name, ": ", quoted(text), "\n");
}

bool is_container(const std::string& watched) {
    return watched.find('=') == std::string::npos;
}

std::string monitors_text(const JoinTerms& terms) {
    std::string out = "monitors:\n";
    if (terms.watch.empty() || std::ranges::any_of(terms.watch, is_container)) {
        out += "  - { name: docker, plugin: monitor, id: org.stipend.monitor.docker }\n";
    }
    return out + "  - { name: web, plugin: monitor, id: org.stipend.monitor }\n";
}

std::string services_text(const JoinTerms& terms) {
    if (terms.watch.empty()) return "services:\n  watch: []\n  discover: watch\n";
    std::string out = "services:\n  watch:\n";
    for (const auto& one : terms.watch) {
        const auto equal = one.find('=');
        out += equal == std::string::npos ? cat("    - { name: ", quoted(one), ", monitor: docker }\n")
                                          : cat("    - { name: ", quoted(one.substr(0, equal)),
                                                ", monitor: web, target: ", quoted(one.substr(equal + 1)), " }\n");
    }
    return out;
}

}  // namespace

std::filesystem::path key_seed_file(const std::filesystem::path& state) {
    return state / "worker-key-seed";
}

std::filesystem::path orchestrator_secret_file(const std::filesystem::path& state) {
    return state / "orchestrator-secret";
}

Result<void> check_join_terms(const JoinTerms& terms) {
    const auto check = [](std::string_view name, const std::string& text) -> Result<void> {
        const bool good =
            std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '$'; }) && text.size() <= 2048;
        if (good) return {};
        return fail(STIPEND_E_INVALID, name, ": got \"", printable_line(clip(text, 64)),
                    "\", want printable ASCII without $");
    };
    STIPEND_TRY(check("--ca", terms.ca));
    STIPEND_TRY(check("--id", terms.id));
    STIPEND_TRY(check("--payout-address", terms.payout_address));
    STIPEND_TRY(check("--capability", terms.capability));
    STIPEND_TRY(check("--orchestrator", terms.orchestrator));
    STIPEND_TRY(check("--orchestrator-cert", terms.orchestrator_cert));
    STIPEND_TRY(check("--state", terms.state.native()));
    STIPEND_TRY(check("--plugins", terms.plugins));
    STIPEND_TRY(check("--listen", terms.listen));
    STIPEND_TRY(check("--worker-url", terms.worker_url));
    STIPEND_TRY(check("--metrics", terms.metrics));
    for (const auto& one : terms.watch) STIPEND_TRY(check("--watch", one));
    return {};
}

std::string join_config_text(const JoinTerms& terms) {
    const auto file = [](const std::filesystem::path& path) { return quoted(cat("${file:", path.native(), "}")); };
    auto out =
        cat("# The command writes over its own text only: once it is edited, the file stays as it is.\n"
            "role: worker\n",
            option(0, "state", terms.state.native()));
    if (!terms.plugins.empty()) out += cat("plugins:\n", option(2, "folder", terms.plugins));
    out += monitors_text(terms) + services_text(terms);
    out +=
        cat("worker:\n  plugin: byoc\n  id: org.stipend.byoc.worker\n  config:\n",
            option(4, "orchestrator", terms.orchestrator), "    secret: ", file(orchestrator_secret_file(terms.state)),
            "\n", option(4, "orchestrator_cert", terms.orchestrator_cert), option(4, "orchestrator_id", terms.id),
            option(4, "capability", terms.capability), option(4, "url", terms.worker_url),
            "    key_seed: ", file(key_seed_file(terms.state)), "\n");
    out += cat("manager:\n", option(2, "url", terms.manager), option(2, "ca", terms.ca),
               option(2, "orchestrator_id", terms.id), option(2, "endpoint", terms.endpoint),
               option(2, "payout_address", terms.payout_address), option(2, "capabilities", terms.capability));
    out += cat("listen:\n", option(2, "worker", terms.listen), option(2, "metrics", terms.metrics));
    return cat(join_mark, hash_text(out), "\n", out);
}

ConfigOrigin origin_of_config(std::string_view text) {
    if (!text.starts_with(join_mark)) return ConfigOrigin::foreign;
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return ConfigOrigin::changed;
    const auto hash = text.substr(join_mark.size(), end - join_mark.size());
    return hash == hash_text(text.substr(end + 1)) ? ConfigOrigin::own : ConfigOrigin::changed;
}

}  // namespace stipend::worker
