// Which key is which member of the settings: the one list by which they are read and written. What a key may hold says
// the schema; a key that the schema of a role does not have is passed over.
#pragma once

#include <concepts>
#include <type_traits>

#include "host/config/settings.hpp"

namespace stipend::config {

// A constant one or not.
template <class T, class Struct>
concept Is = std::same_as<std::remove_const_t<T>, Struct>;

template <class Visitor, class Reference>
void plugin_fields(Visitor& visit, Reference& reference) {
    visit.place(reference.pos);
    visit("plugin", reference.plugin);
    visit("id", reference.id);
    visit("sha256", reference.sha256);
    visit("config", reference.config);
}

// The same of one that may run in a process of its own.
template <class Visitor, class Reference>
void isolated_plugin_fields(Visitor& visit, Reference& reference) {
    plugin_fields(visit, reference);
    visit("isolate", reference.isolate);
    visit("memory", reference.memory_bytes);
}

template <class Visitor, Is<PluginRef> T>
void fields(Visitor& visit, T& reference) {
    plugin_fields(visit, reference);
}

template <class Visitor, Is<DemandFactor> T>
void fields(Visitor& visit, T& demand) {
    visit("target", demand.target_ppm);
    visit("every", demand.every_ns);
    visit("floor", demand.floor_ppm);
    visit("ceiling", demand.ceiling_ppm);
    visit("damping", demand.damping_ppm);
    visit("largest_step_per_day", demand.step_ppm);
}

template <class Visitor, Is<Payment> T>
void fields(Visitor& visit, T& payment) {
    visit("interval", payment.interval_ns);
    visit("base", payment.base);
    visit("policy", payment.policy);
    visit("demand", payment.demand);
}

template <class Visitor, Is<Price> T>
void fields(Visitor& visit, T& price) {
    isolated_plugin_fields(visit, price);
    visit("max_age", price.max_age_ns);
    visit("min", price.min);
    visit("max", price.max);
    visit("max_step", price.max_step_ppm);
    visit("every", price.every_ns);
}

// Of one in a list: the first one has no name, and the limits.
template <class Visitor, Is<Dispatch> T>
void fields(Visitor& visit, T& dispatch) {
    visit("name", dispatch.name);
    isolated_plugin_fields(visit, dispatch);
    visit("deadline", dispatch.deadline_ns);
}

template <class Visitor, Is<Monitor> T>
void fields(Visitor& visit, T& monitor) {
    isolated_plugin_fields(visit, monitor);
    visit("name", monitor.name);
}

template <class Visitor, Is<WorkerPlugin> T>
void fields(Visitor& visit, T& worker) {
    plugin_fields(visit, worker);
    visit("name", worker.name);
}

template <class Visitor, Is<Limits> T>
void fields(Visitor& visit, T& limits) {
    visit("accrual_per_orchestrator_day", limits.accrual_per_orchestrator_day);
    visit("accrual_per_day", limits.accrual_per_day);
    visit("fees_per_orchestrator_day", limits.fees_per_orchestrator_day);
    visit("fees_per_day", limits.fees_per_day);
}

template <class Visitor, Is<Payouts> T>
void fields(Visitor& visit, T& payouts) {
    plugin_fields(visit, payouts);
    visit("mode", payouts.mode);
    visit("batch_most", payouts.batch_most);
    visit("min", payouts.min);
    visit("max_age", payouts.max_age_ns);
    visit("max_fee_share", payouts.max_fee_ppm);
    visit("max_fee", payouts.max_fee);
    visit("max_gas_price", payouts.max_gas_price);
    visit("per_payment", payouts.per_payment);
    visit("per_payee_day", payouts.per_payee_day);
    visit("per_day", payouts.per_day);
    visit("max_day_factor", payouts.max_day_factor);
    visit("every", payouts.every_ns);
    visit("look_every", payouts.look_every_ns);
    visit("resend_after", payouts.resend_after_ns);
    visit("replace_after", payouts.replace_after_ns);
    visit("confirmations", payouts.confirmations);
    visit("stopped", payouts.stopped);
}

template <class Visitor, Is<Asset> T>
void fields(Visitor& visit, T& asset) {
    visit("token", asset.token);
    visit("decimals", asset.decimals);
    visit("symbol", asset.symbol);
}

// Of one in a list: the first one has its price and its payouts beside it.
template <class Visitor, Is<PaidNetwork> T>
void fields(Visitor& visit, T& network) {
    visit("name", network.name);
    visit("chain_id", network.chain_id);
    visit("asset", network.asset);
    visit("price", network.price);
    visit("payouts", network.payouts);
}

template <class Visitor, Is<Check> T>
void fields(Visitor& visit, T& check) {
    visit.place(check.pos);
    visit.place_of({"target"}, check.target_pos);
    visit("name", check.name);
    visit("monitor", check.monitor);
    visit("target", check.target);
    visit("every", check.every_ns);
    visit("options", check.options);
    visit("down_after", check.down_after);
}

template <class Visitor, Is<Maintenance> T>
void fields(Visitor& visit, T& maintenance) {
    visit("name", maintenance.name);
    visit("schedule", maintenance.schedule);
    visit("zone", maintenance.zone);
    visit("duration", maintenance.duration_ns);
    visit("orchestrators", maintenance.orchestrators);
}

template <class Visitor, Is<BurnAlert> T>
void fields(Visitor& visit, T& alert) {
    visit("long", alert.long_ns);
    visit("short", alert.short_ns);
    visit("burn", alert.burn_ppm);
    visit("severity", alert.severity);
}

template <class Visitor, Is<Sla> T>
void fields(Visitor& visit, T& sla) {
    visit("name", sla.name);
    visit("target", sla.target_e6);
    visit("orchestrators", sla.orchestrators);
    visit("capability", sla.capability);
    visit("credit", sla.credit_e6);
    visit("alerts", sla.alerts);
}

template <class Visitor, Is<StatusService> T>
void fields(Visitor& visit, T& service) {
    visit("name", service.name);
    visit("as", service.as);
    visit("group", service.group);
    visit("orchestrators", service.orchestrators);
    visit("capability", service.capability);
}

template <class Visitor, Is<StatusPage> T>
void fields(Visitor& visit, T& page) {
    visit("enabled", page.enabled);
    visit("title", page.title);
    visit("history", page.history_ns);
    visit("show", page.show);
}

template <class Visitor, Is<Capability> T>
void fields(Visitor& visit, T& capability) {
    visit("base", capability.base);
    visit("policy", capability.policy);
    visit("dispatch", capability.dispatch);
}

template <class Visitor, Is<Orchestrator> T>
void fields(Visitor& visit, T& orchestrator) {
    visit("address", orchestrator.address);
    visit("id", orchestrator.id);
    visit("name", orchestrator.name);
    visit("base", orchestrator.base);
    visit("policy", orchestrator.policy);
    visit("service_addresses", orchestrator.service_addresses);
    visit("payout_address", orchestrator.payout_address);
    visit("worker_key", orchestrator.worker_key);
    visit("capability", orchestrator.capability);
    visit("network", orchestrator.network);
    visit("dispatch", orchestrator.dispatch);
    visit("checks", orchestrator.checks);
}

template <class Visitor, Is<WatchedService> T>
void fields(Visitor& visit, T& service) {
    visit.place(service.pos);
    visit.place_of({"target", "compose", "label", "name"}, service.target_pos);
    visit("name", service.name);
    visit("monitor", service.monitor);
    visit("target", service.target);
    visit("compose", service.compose);
    visit("label", service.label);
    visit("every", service.every_ns);
    visit("options", service.options);
    visit("down_after", service.down_after);
}

template <class Visitor, Is<Services> T>
void fields(Visitor& visit, T& services) {
    visit("watch", services.watch);
    visit("names", services.names);
    visit("every", services.names_every_ns);
    visit("ignore", services.ignore);
    visit("discover", services.discover);
}

template <class Visitor, Is<ApiPlugin> T>
void fields(Visitor& visit, T& plugin) {
    plugin_fields(visit, plugin);
    visit("prefix", plugin.prefix);
}

template <class Visitor, Is<Api> T>
void fields(Visitor& visit, T& api) {
    visit("jwt_secret", api.jwt_secret);
    visit("jwt_key", api.jwt_key);
    visit("admin_email", api.admin_email);
    visit("admin_password", api.admin_password);
    visit("token_lifetime", api.token_lifetime_ns);
    visit("refresh_lifetime", api.refresh_lifetime_ns);
    visit("trusted_proxies", api.trusted_proxies);
    visit("gateway_networks", api.gateway_networks);
    visit("plain_http", api.plain_http);
    visit("tls_certificate", api.tls_certificate);
    visit("tls_key", api.tls_key);
    visit("tls_client_ca", api.tls_client_ca);
    visit("origin", api.origin);
    visit("plugins", api.plugins);
}

template <class Visitor, Is<Registration> T>
void fields(Visitor& visit, T& registration) {
    visit("mode", registration.mode);
    visit("secret", registration.secret);
    visit("allowed_networks", registration.allowed_networks_text);
    visit("webhook_ca", registration.webhook_ca);
    visit("capability", registration.capability);
    visit("dispatch", registration.dispatch);
    visit("proofs", registration.proofs);
    visit("proof_interval", registration.proof_interval_ns);
    visit("heartbeat_timeout", registration.heartbeat_timeout_ns);
    visit("change_delay", registration.change_delay_ns);
}

template <class Visitor, Is<SignedHeads> T>
void fields(Visitor& visit, T& heads) {
    visit("every", heads.every_ns);
    visit("file", heads.file);
    visit("url", heads.url);
}

template <class Visitor, Is<Membership> T>
void fields(Visitor& visit, T& membership) {
    visit("url", membership.url);
    visit("orchestrator_id", membership.orchestrator_id);
    visit("endpoint", membership.endpoint);
    visit("service_addresses", membership.service_addresses);
    visit("capabilities", membership.capabilities_text);
    visit("payout_address", membership.payout_address);
    visit("secret", membership.secret);
    visit("own_secret", membership.own_secret);
    visit("ca", membership.ca);
    visit("client_certificate", membership.client_certificate);
    visit("client_key", membership.client_key);
    visit("plain_http", membership.plain_http);
}

template <class Visitor, Is<QuietHours> T>
void fields(Visitor& visit, T& quiet) {
    visit("schedule", quiet.schedule);
    visit("zone", quiet.zone);
    visit("duration", quiet.duration_ns);
}

template <class Visitor, Is<AlertReceiver> T>
void fields(Visitor& visit, T& receiver) {
    isolated_plugin_fields(visit, receiver);
    visit("name", receiver.name);
    visit("per_minute", receiver.per_minute);
    visit("deadline", receiver.deadline_ns);
    visit("quiet_hours", receiver.quiet);
}

template <class Visitor, Is<AlertRoute> T>
void fields(Visitor& visit, T& route) {
    visit("severity", route.severity);
    visit("match", route.match);
    visit.inside("labels", [&](auto& labels) {
        labels("kind", route.kind);
        labels("subject", route.subject);
        labels("orchestrator", route.orchestrator);
    });
    visit("receivers", route.receivers);
}

template <class Visitor, Is<Alerts> T>
void fields(Visitor& visit, T& alerts) {
    visit("receivers", alerts.receivers);
    visit("routes", alerts.routes);
    visit("repeat_interval", alerts.repeat_ns);
    visit("group_wait", alerts.group_wait_ns);
}

template <class Visitor, Is<Settings> T>
void fields(Visitor& visit, T& settings) {
    visit("role", settings.role);
    visit("state", settings.state);
    visit.inside("log", [&](auto& log) { log("level", settings.log_level); });
    visit.inside("network", [&](auto& network) {
        network("chain_id", settings.network.chain_id);
        network("asset", settings.network.asset);
    });
    visit("networks", settings.networks);
    visit("settlement", settings.settlement);
    visit.inside("plugins", [&](auto& plugins) {
        plugins("folder", settings.plugin_folder);
        plugins("trust", settings.plugin_trust);
    });
    visit("watch", settings.watch);
    visit("payment", settings.payment);
    visit("price", settings.network.price);
    visit.inside("dispatch", [&](auto& dispatch) {
        isolated_plugin_fields(dispatch, settings.dispatch);
        dispatch("max_in_flight", settings.dispatch.max_in_flight);
        dispatch("jobs_per_second", settings.dispatch.jobs_per_second);
        dispatch("jobs_per_orchestrator_minute", settings.dispatch.jobs_per_orchestrator_minute);
        dispatch("deadline", settings.dispatch.deadline_ns);
    });
    visit("dispatchers", settings.dispatchers);
    visit("monitors", settings.monitors);
    visit("limits", settings.limits);
    visit("payouts", settings.network.payouts);
    visit("orchestrators", settings.orchestrators);
    visit("orchestrator_addresses", settings.orchestrator_addresses);
    visit("capabilities", settings.capabilities);
    visit("maintenance", settings.maintenance);
    visit("sla", settings.sla);
    visit("status", settings.status);
    visit.place_of({"witness"}, settings.witness_pos);
    visit("witness", settings.witness);
    visit("services", settings.services);
    visit("alerts", settings.alerts);
    visit("worker", settings.worker);
    visit("workers", settings.workers);
    visit("manager", settings.membership);
    visit.inside("listen", [&](auto& listen) {
        listen("worker", settings.worker_listen);
        listen("api", settings.api_listen);
        listen("metrics", settings.metrics_listen);
        listen("worker_tls_certificate", settings.worker_tls.certificate);
        listen("worker_tls_key", settings.worker_tls.key);
        listen("worker_tls_client_ca", settings.worker_tls.client_ca);
        listen("metrics_tls_certificate", settings.metrics_tls.certificate);
        listen("metrics_tls_key", settings.metrics_tls.key);
        listen("metrics_tls_client_ca", settings.metrics_tls.client_ca);
    });
    visit("api", settings.api);
    visit("registration", settings.registration);
    visit("signed_heads", settings.signed_heads);
}

}  // namespace stipend::config
