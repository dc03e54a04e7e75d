#include "tools/verify/payer.hpp"

#include <algorithm>
#include <utility>

#include "livepeer/wire.hpp"
#include "stipend/duration.hpp"
#include "tools/jobs/host_config.hpp"

namespace stipend::verify {
namespace {

std::string text_in(const config::Tree& tree, std::string_view key) {
    const auto* found = tree ? tree->find(key) : nullptr;
    return found == nullptr ? std::string() : found->text;
}

std::string_view name_of(config::Settlement settlement) {
    switch (settlement) {
        case config::Settlement::dry_run:
            break;
        case config::Settlement::accrue:
            return "accrue";
        case config::Settlement::ethereum:
            return "ethereum";
    }
    return "dry-run";
}

Payee payee_of(const config::Settings& settings, const config::Orchestrator& one) {
    return {.asked = {std::string(livepeer::without_slash(one.address)), one.service_addresses},
            .id = one.id,
            .worker_key = one.worker_key,
            .base_usd = config::base_of(settings, one).text(),
            .own_policy = config::policy_config(settings, one).get() != settings.payment.policy.config.get(),
            .network = config::network_place(settings, one) == 0 ? std::string() : one.network};
}

}  // namespace

Result<Payer> read_payer(const std::string& config_file, std::string_view dispatch_wanted) {
    STIPEND_LET(host, jobs::read_host_config(config_file, dispatch_wanted));
    const auto& settings = host.settings;
    const auto& dispatcher = jobs::chosen_dispatcher(settings, dispatch_wanted);
    const auto& dispatch = dispatcher.config;
    if (settings.role != config::Role::manager) {
        return fail(STIPEND_E_CONFIG, config_file, ": it is a worker's configuration, want a manager's");
    }
    Payer out;
    out.config_file = config_file;
    out.state = host.state;
    out.settlement = std::string(name_of(settings.settlement));
    out.signed_only = text_in(dispatch, "evidence") == "signed";
    out.price_unseen_allowed = text_in(dispatch, "price_unseen") == "allow";
    if (const auto text = text_in(dispatch, "max_price_per_second"); !text.empty()) {
        auto price = Wei::parse(text);
        if (!price) return std::move(price).error().in("dispatch.config.max_price_per_second");
        out.max_price = *price;
    }
    if (const auto text = text_in(dispatch, "gateway_credential"); !text.empty()) {
        auto credential = livepeer::parse_credential(text);
        if (!credential) return std::move(credential).error().in("dispatch.config.gateway_credential");
        out.credential = std::move(*credential);
    }
    const auto interval_s = settings.payment.interval_ns / ns_per_s;
    out.interval_s = static_cast<std::uint32_t>(std::clamp<std::int64_t>(interval_s, 1, s_per_day));
    out.usd_per_eth = text_in(settings.network.price.config, "usd_per_eth");
    for (const auto& one : settings.orchestrators) {
        if (config::dispatcher_of(settings, one) == dispatcher.name) out.payees.push_back(payee_of(settings, one));
    }
    return out;
}

}  // namespace stipend::verify
