#include "host/engine/manager_api.hpp"

#include "host/api/first_account.hpp"
#include "host/api/session_routes.hpp"
#include "host/api/wallet_login.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

// `check` has read them before.
Result<std::vector<IpRange>> ranges_of(const std::vector<std::string>& texts) {
    std::vector<IpRange> out;
    for (const auto& text : texts) {
        STIPEND_LET(range, IpRange::parse(text));
        out.push_back(range);
    }
    return out;
}

}  // namespace

std::string ManagerApi::origin_of(const config::Settings& settings) {
    if (!settings.api.origin.empty()) return settings.api.origin;
    return cat(settings.api.tls_certificate.empty() ? "http://" : "https://", settings.api_listen);
}

ManagerApi::ManagerApi(runtime::Host& host, const Engine& engine, const config::Settings& settings,
                       const Joining& joining, const ProofBook& proofs)
    : reads_(host, engine, settings, joining.registrations, proofs, joining.connect_back, joining.offers),
      receipts_(settings, host.clock(), [&log = host.log()](const std::string& line) { log.warn(line); }),
      past_(settings),
      analytics_(host, engine, settings, joining.targets_of_uptime),
      status_(host, engine, settings),
      explanations_(host, engine, settings, joining.policy),
      tables_(host, engine, settings, joining.policy) {}

Result<std::unique_ptr<ManagerApi>> ManagerApi::create(runtime::Host& host, const Engine& engine,
                                                       const config::Settings& settings, api::Orders orders,
                                                       http::ServerThread& thread, Joining joining,
                                                       const ProofBook& proofs, api::EventFeed* events) {
    const auto& options = settings.api;
    const std::filesystem::path folder = settings.state;
    const auto& clock = host.clock();
    auto& log = host.log();
    STIPEND_LET(store, api::AccessStore::open(api::access_file(folder)));
    STIPEND_LET(first,
                api::make_first_account(*store, options.admin_email, options.admin_password, folder, clock.now()));
    if (first) {
        log.info(cat("the API has its first account: ", first->name,
                     first->password_file ? cat("; its password is in ", first->password_file->native(),
                                                ": remove the file once you have it, or change the password by "
                                                "`stipend user passwd`")
                                          : std::string(", with the password that is configured")));
    }
    std::string key_pem;
    if (!options.jwt_key.empty()) STIPEND_SET(key_pem, api::read_token_key(options.jwt_key));
    std::unique_ptr<ManagerApi> self(new ManagerApi(host, engine, settings, joining, proofs));
    STIPEND_SET(self->access_, api::Access::create(std::move(store),
                                                   {.access_lifetime_s = options.token_lifetime_ns / ns_per_s,
                                                    .refresh_lifetime_s = options.refresh_lifetime_ns / ns_per_s,
                                                    .key_pem = std::move(key_pem)},
                                                   options.jwt_secret, clock.now()));
    STIPEND_LET(proxies, ranges_of(options.trusted_proxies));
    static const std::vector<std::string> this_machine{"127.0.0.0/8", "::1"};
    STIPEND_LET(gateways, ranges_of(options.gateway_networks.empty() ? this_machine : options.gateway_networks));
    const auto to_log = [&log](const std::string& line) { log.warn(line); };
    auto routes = api::auth_routes(*self->access_, clock, to_log);
    for (auto& route : api::session_routes(*self->access_, clock, joining.registrar, to_log))
        routes.push_back(std::move(route));
    for (auto& route : api::manager_routes(self->reads_, std::move(gateways), clock))
        routes.push_back(std::move(route));
    routes.push_back(api::status_route(std::move(joining.overview), clock));
    routes.push_back(api::offer_route(std::move(joining.offer)));
    for (auto& route : api::receipt_routes(self->receipts_)) routes.push_back(std::move(route));
    routes.push_back(api::analytics_route(self->analytics_, clock));
    for (auto& route : api::public_status_routes(self->status_, clock)) routes.push_back(std::move(route));
    for (auto& route : api::past_routes(self->past_, clock)) routes.push_back(std::move(route));
    if (joining.policy) {
        routes.push_back(api::explain_route(self->explanations_));
        for (auto& route : api::table_routes(self->tables_, clock)) routes.push_back(std::move(route));
    }
    if (joining.registrar != nullptr) {
        for (auto& route : api::registration_routes(*joining.registrar)) routes.push_back(std::move(route));
    }
    for (auto& route : api::order_routes(std::move(orders))) routes.push_back(std::move(route));
    if (joining.registrar != nullptr) {
        auto& registrar = *joining.registrar;
        const auto login = std::make_shared<api::WalletLogin>(
            *self->access_, clock,
            auth::SiweTerms{.origin = origin_of(settings), .chain_id = runtime::namespace_of(settings).chain_id},
            [&registrar](std::string_view wallet) { return registrar.owned_by(wallet); }, to_log);
        for (auto& route : api::wallet_routes(login)) routes.push_back(std::move(route));
    }
    if (joining.objections != nullptr) {
        for (auto& route : api::objection_routes(*joining.objections)) routes.push_back(std::move(route));
    }
    if (joining.targets != nullptr) {
        for (auto& route : api::alert_target_routes(*joining.targets)) routes.push_back(std::move(route));
    }
    if (events != nullptr) routes.push_back(api::events_route(*events));
    if (joining.registrar != nullptr) api::open_to_owners(routes, *joining.registrar);
    std::function<bool(const api::Principal&)> still_owner;
    if (auto* registrar = joining.registrar) {
        still_owner = [registrar](const api::Principal& one) { return api::still_owner(*registrar, one); };
    }
    STIPEND_SET(self->server_,
                api::ApiServer::create({.listen = settings.api_listen,
                                        .trusted_proxies = std::move(proxies),
                                        .tls = {.certificate = options.tls_certificate,
                                                .key = options.tls_key,
                                                .client_ca = options.tls_client_ca},
                                        .origin = options.origin,
                                        .pages = joining.pages,
                                        .misbehaved = std::move(joining.misbehaved),
                                        .still_owner = std::move(still_owner)},
                                       *self->access_, clock, to_log, std::move(routes), thread, host.threads()));
    return self;
}

}  // namespace stipend::engine
