#include "tools/jobs/way_options.hpp"

#include <algorithm>

#include "host/base/file.hpp"
#include "livepeer/wire.hpp"
#include "stipend/ascii.hpp"
#include "stipend/duration.hpp"
#include "tools/jobs/host_config.hpp"

namespace stipend::jobs {
namespace {

Result<std::string> body_from(const std::string& text) {
    if (!text.starts_with('@')) {
        if (text.size() <= max_body_bytes) return text;
        return fail(STIPEND_E_LIMIT, "--body: got ", text.size(), " bytes, want at most ", max_body_bytes);
    }
    auto read = read_file(text.substr(1), max_body_bytes);
    if (!read) return std::move(read).error().in("--body");
    if (read->empty()) return fail(STIPEND_E_INVALID, "--body: ", text.substr(1), " is empty");
    return read;
}

// The names under which an orchestrator of the configuration may answer.
void add_announced(Asked& asked, const std::vector<Asked>& configured) {
    for (const auto& one : configured) {
        if (!livepeer::same_address(one.address, asked.address)) continue;
        asked.announced.insert(asked.announced.end(), one.announced.begin(), one.announced.end());
    }
}

Result<void> take_terms(const WayOptions& options, RunnerTerms& out) {
    if (!options.signer.empty()) {
        auto good = livepeer::check_url(options.signer);
        if (!good) return std::move(good).error().in("--signer");
        out.signer = std::string(livepeer::without_slash(options.signer));
    }
    STIPEND_TRY(take_limit("--max-price", options.max_price, out.max_price));
    STIPEND_TRY(take_limit("--max-price-per-second", options.max_price_per_second, out.max_second));
    STIPEND_TRY(take_limit("--ticket-value", options.ticket_value, out.ticket));
    if (out.signer.empty() && !(out.max_price.zero() && out.max_second.zero())) {
        return fail(STIPEND_E_INVALID,
                    "a limit of a price without a signer, want --signer URL of what makes the payments");
    }
    return {};
}

}  // namespace

Result<void> take_limit(std::string_view name, const std::string& text, Wei& out) {
    if (text.empty()) return {};
    auto wei = Wei::parse(text);
    if (!wei) return std::move(wei).error().in(name);
    out = std::move(*wei);
    return {};
}

Result<std::int64_t> parse_seconds(std::string_view name, std::string_view text) {
    const bool bare = !text.empty() && (ascii::is_digit(text.back()) || text.back() == '.');
    auto ns = parse_duration(bare ? cat(text, "s") : std::string(text));
    if (!ns) return std::move(ns).error().in(name);
    if (*ns >= ns_per_ms && *ns <= max_duration_s * ns_per_s) return ns;
    return fail(STIPEND_E_INVALID, name, ": got ", text, ", want 1ms to ", max_duration_s / 3600, "h");
}

Result<Chosen> choose(const WayOptions& options) {
    Chosen out;
    HostConfig host;
    if (!options.config_file.empty()) {
        STIPEND_SET(host, read_host_config(options.config_file, options.dispatch));
        out.way = host.way;
        out.state = host.state;
    }
    out.by_runner = options.dispatch.empty() ? host.by_runner : options.dispatch == "runner";
    if (out.by_runner) {
        out.terms = host.terms;
        STIPEND_TRY(take_terms(options, out.terms));
    }
    if (!options.gateway.empty()) out.way.gateway = std::string(livepeer::without_slash(options.gateway));
    if (out.by_runner && !options.gateway.empty()) {
        return fail(STIPEND_E_INVALID, "--gateway: got ", options.gateway,
                    ", and live runners are called without one: want --dispatch byoc, or no gateway");
    }
    if (out.way.gateway.empty() && !out.by_runner)
        return fail(STIPEND_E_INVALID, "no gateway: want --gateway URL, or -c FILE that names one");
    if (!options.capability.empty()) out.way.capability = options.capability;
    if (!options.path.empty()) out.way.path = options.path;
    if (!options.timeout.empty()) {
        STIPEND_LET(ns, parse_seconds("--timeout", options.timeout));
        if (ns % ns_per_s != 0)
            return fail(STIPEND_E_INVALID, "--timeout: got ", options.timeout, ", want whole seconds");
        out.way.timeout_s = static_cast<std::uint32_t>(ns / ns_per_s);
    }
    out.way.ca_file = options.ca_file;
    STIPEND_TRY(out.by_runner ? check_runner_way(out.way) : check_way(out.way));
    if (options.orchestrators.size() > max_orchestrators) {
        return fail(STIPEND_E_LIMIT, "got ", options.orchestrators.size(), " orchestrators, want at most ",
                    max_orchestrators);
    }
    for (const auto& text : options.orchestrators) {
        auto asked = parse_orchestrator(text);
        if (!asked) return std::move(asked).error().in("--orchestrator");
        add_announced(*asked, host.orchestrators);
        out.orchestrators.push_back(std::move(*asked));
    }
    if (!options.body.empty()) STIPEND_SET(out.body, body_from(options.body));
    if (!options.check.empty()) STIPEND_SET(out.check, parse_check(options.check));
    return out;
}

}  // namespace stipend::jobs
