#include "host/engine/manager.hpp"

#include <algorithm>

#include "host/config/plugin_config.hpp"
#include "host/config/url.hpp"
#include "host/engine/plugin_calls.hpp"
#include "host/engine/policy_replay.hpp"
#include "host/runtime/control_server.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t price_deadline_ns = 30 * ns_per_s;

}  // namespace

std::unique_ptr<runtime::Plan> Manager::plan(plugin::Loader& loader, config::Settings settings,
                                             config::Diagnostics& diagnostics) {
    open_registrations(settings, false);
    if (registrations_) {
        // Those that were read before stay: a file that cannot be read ends no pay.
        auto approved = registrations_->approved();
        if (approved) approved_ = std::move(*approved);
        if (!approved) host_.log().error("the registrations cannot be read: " + approved.error().message);
    }
    auto plan = make_manager_plan(loader, std::move(settings), diagnostics, approved_);
    if (!plan || !registrations_fault_.empty()) return plan;
    auto proven = registrations_ ? registrations_->proven_addresses() : std::map<std::string, std::string>();
    if (proven) plan->proven = std::make_shared<const std::map<std::string, std::string>>(std::move(*proven));
    return plan;
}

Result<std::string> Manager::review(const runtime::Plan& next_plan, const runtime::ReloadRequest& request,
                                    std::int64_t& pause_ns) {
    const auto& next = static_cast<const ManagerPlan&>(next_plan);
    struct InForce {
        PolicyInForce policy;
        Spend spend;
        LargestFees fees;
        bool put_aside = false;
    };
    STIPEND_LET(now, host_.on_control(pause_ns, [this] {
        const auto& chosen = plan_->policy.chosen;
        return InForce{{.so_sha256 = chosen.library->staged.sha256,
                        .config_json = plan_->policy.config_json,
                        .plugin_id = chosen.plugin->id,
                        .revision = engine_->generations().back()->policies.front()->revision(),
                        .terms = plan_->terms,
                        .recorded = engine_->recorded()},
                       plan_->spend,
                       plan_->fees,
                       chosen.library->put_aside};
    }));
    STIPEND_TRY(check_replay(next, now.policy));
    auto spend =
        cat("largest possible spend: ", spend_text(now.spend), "\n                     -> ", spend_text(next.spend));
    // Nothing could be spent while the policy was put aside.
    if (!request.accept_spend && !now.put_aside && more_than_doubles(now.spend, next.spend)) {
        return fail(STIPEND_E_CONFLICT, spend,
                    "\nrefused: it more than doubles; take it with `stipend reload --accept-spend`");
    }
    return cat(spend, "\nlargest possible fees:  ", fees_text(now.fees), "\n                     -> ",
               fees_text(next.fees));
}

void Manager::open(ledger::State state) {
    restoration_ = {state.restored, state.restored_accepted};
    if (auto* delivery = host_.alerts()) fired_before_ = delivery->fired_before();
    const auto objections = std::move(state.objections);
    open_payouts_ = std::move(state.payouts);
    engine_ = std::make_unique<Engine>(*this, reporter_, std::move(state), host_.now());
    ObjectionDesk::raise_open(*engine_, objections, host_.now());
    confirm_suspensions();
    report_registrations();
}

std::optional<stipend_unix_ns> Manager::waits_until(const runtime::Plan& plan) {
    return engine_->waits_until(static_cast<const ManagerPlan&>(plan).update, host_.now());
}

Result<runtime::Applied> Manager::apply(std::unique_ptr<runtime::Plan> given, const runtime::InstanceSet& fresh) {
    std::unique_ptr<ManagerPlan> plan(static_cast<ManagerPlan*>(given.release()));
    // Equal payees on common terms need no comparison one by one.
    const bool same_payees =
        plan_ && plan_->payees_digest == plan->payees_digest && plan->update.own.empty() && plan_->update.own.empty();
    ConfigUpdate update{plan->update.generation, std::nullopt, plan->update.own, plan->update.networks,
                        plan->update.dispatchers};
    if (!same_payees) update.payees = std::move(plan->update.payees);
    plan->update.payees.reset();
    const bool unchanged = engine_->unchanged(update);
    STIPEND_LET(generation, engine_->install(std::move(update), host_.now()));
    if (once_ && !plan_) engine_->limit_to(host_.now());
    watch_checks(plan->checks, fresh);
    plan_.swap(plan);
    dispatch_.use(plan_->settings);
    if (plan) resolve_alerts_of_removed(plan->settings);
    {
        const std::lock_guard lock(configured_mutex_);
        configured_ = plan_->configured;
    }
    if (api_) api_->show_status(plan_->settings.status);
    proofs_.expect(plan_->registered, host_.now());
    pay_out(fresh);
    if (targets_) {
        targets_->set_mail_server(mail_server_of(plan_->settings.alerts));
        targets_->registrations_changed();
    }
    report_registrations();
    if (!metrics_) {
        metrics_ = std::make_unique<ManagerMetrics>(host_, *engine_, plan_->settings.state,
                                                    runtime::namespace_of(plan_->settings));
    }
    witnesses_awaited_ = 0;  // looks of the plan before do not end any more
    checks_changed_ = true;
    auto text = unchanged ? cat("generation ", generation, " is in force: it has the terms that are configured")
                          : cat("generation ", generation, " is in force for every pay period that begins from now on");
    if (const auto moved = engine_->moved(); moved != 0) {
        text += cat("; the next jobs of ", moved, moved == 1 ? " orchestrator go" : " orchestrators go",
                    " by another dispatcher");
    }
    return runtime::Applied{
        .generation = generation,
        .text = std::move(text),
        .summary = cat("generation ", generation, " is in force, ", plan_->spend.orchestrators, " orchestrators"),
        .replaced = std::move(plan)};
}

void Manager::watch_checks(const std::vector<PlannedCheck>& checks, const runtime::InstanceSet& fresh) {
    std::vector<runtime::WatchTarget> targets;
    for (const auto& [key, check, path] : checks) {
        const auto payee = engine_->payees().find(key);
        if (!payee) continue;
        targets.push_back({.owner = engine_->payees()[*payee].id,
                           .id = check.name.empty() ? check.target : check.name,
                           .endpoint = check.target,
                           .monitor = check.monitor,
                           .every_ns = check.every_ns,
                           .attributes = check.options == nullptr ? "" : config::plugin_json(check.options),
                           .down_after = config::parse_down_after(check.down_after).value_or(config::DownAfter())});
    }
    host_.watcher().watch(std::move(targets), runtime::monitors_of(fresh));
}

runtime::Role::Turn Manager::tick(stipend_unix_ns now) {
    watch_clock(now);
    watch_wal(now);
    if (heads_) heads_->tick(now);
    if (sla_) sla_->tick(now, plan_->settings.sla);
    if (offers_ && !stopping_ && !once_) offers_->tick(now);
    watch_changes(now);
    watch_outage(now);
    engine_->tick(now);
    calls_.tick(now);
    if (payouts_) payouts_->tick(now);
    const bool over = engine_->failure() || (payouts_ && payouts_->failure()) || (stopping_ && !engine_->writing()) ||
                      (once_ && engine_->quiet(now));
    auto next = std::min(engine_->next_wakeup(now).value_or(next_wal_look_), next_wal_look_);
    if (heads_) next = std::min(next, heads_->next());
    if (sla_) next = std::min(next, sla_->next());
    if (offers_ && !stopping_ && !once_) next = std::min(next, offers_->next().value_or(next));
    if (const auto call = calls_.next_wakeup()) next = std::min(next, *call);
    if (registrar_) next = std::min(next, next_change_look_);
    if (const auto pay = payouts_ ? payouts_->next_wakeup() : std::nullopt) next = std::min(next, *pay);
    if (const auto look = outage_.next_look(); look && witnesses_awaited_ == 0) next = std::min(next, *look);
    return {.over = over, .next = next};
}

void Manager::begin_stop() {
    stopping_ = true;
    calls_.close();
    if (payouts_) payouts_->stop();
    engine_->drain();
}

Result<void> Manager::outcome() const {
    if (engine_->failure()) return *engine_->failure();
    if (payouts_ && payouts_->failure()) return *payouts_->failure();
    return {};
}

Result<void> Manager::add_routes(runtime::ControlServer& server) {
    open_registrations(plan_->settings, true);
    report_registrations();
    registrar_ = make_registrar();
    open_targets();
    if (auto* registrar = registrar_.get()) {
        STIPEND_TRY(
            server.quick_route("GET", "/registrations", [registrar](const Json&) { return registrar->list(); }));
        STIPEND_TRY(server.quick_route("POST", "/registrations",
                                       [registrar](const Json& body) { return registrar->order(body); }));
    }
    STIPEND_TRY(server.stream_route("POST", "/events", [this](const Json& body) { return open_events(body); }));
    STIPEND_TRY(server.route("POST", "/adjust", [this](const Json& body) { return adjust(body, {}); }));
    objections_ = std::make_unique<ObjectionDesk>(host_, *engine_, plan_->settings, [this] {
        if (events_) events_->notify();
    });
    STIPEND_TRY(server.route("POST", "/objections/answer", [this](const Json& body) -> Result<Json> {
        STIPEND_LET(done, objections_->answer(body));
        if (!done) return fail(STIPEND_E_INVALID, "no such objection");
        return std::move(*done);
    }));
    STIPEND_TRY(add_payout_routes(server));
    STIPEND_TRY(server.slow_route("POST", "/pardon", [this](const Json& body) { return pardon(body, {}); }));
    return server.slow_route("POST", "/archive", [this, &server](const Json& body) { return archive(server, body); });
}

Result<std::shared_ptr<http::BodyStream>> Manager::open_events(const Json& body) {
    // The first request may come before the feed is there.
    const auto ready = host_.loop().ask([this] { return events_.get(); });
    if (!ready) return ready.error();
    if (*ready == nullptr) return fail(STIPEND_E_UNAVAILABLE, "events are not served");
    const auto text = [&](std::string_view key) {
        const auto* value = body.find(key);
        return value == nullptr ? std::string() : value->text();
    };
    api::EventFeed::Reader reader{.after = {}, .orchestrator = text("orchestrator"), .may_read = {}};
    if (const auto after = text("after"); !after.empty()) {
        STIPEND_SET(reader.after, api::parse_event_id(after));
    }
    return (*ready)->open(std::move(reader));
}

http::RouteHost* Manager::pages(const config::Settings& settings) {
    if (settings.api_listen == config::no_listener) return nullptr;
    std::vector<api::PluginPages::Page> pages;
    for (const auto& one : settings.api.plugins) pages.push_back({page_name(one.prefix), one.prefix});
    pages_ = std::make_unique<api::PluginPages>(std::move(pages));
    return pages_.get();
}

// Payments must not stop because the API cannot be served.
void Manager::serve(http::ServerThread& thread) {
    sign_heads();
    watch_targets();
    event_source_ = std::make_unique<ManagerEvents>(plan_->settings.state, runtime::namespace_of(plan_->settings));
    if (auto feed = api::EventFeed::create(*event_source_, host_.clock(), host_.make_lane())) {
        events_ = std::move(*feed);
    } else {
        host_.log().error("events are not served: " + feed.error().message);
    }
    if (plan_->settings.api_listen == config::no_listener) {
        return host_.log().info("the API is not served: listen.api is none");
    }
    watch_offers();
    using api::OrderKey;
    api::Orders orders{
        .adjust = [this](const Json& order, const OrderKey& key) { return adjust(order, key); },
        .pardon = [this](const Json& order, const OrderKey& key) { return pardon(order, key); },
        .pay = [this](const Json& order, const OrderKey& key) { return pay(order, key); },
        .distribute = [this](const api::CallOrder& order, const OrderKey& key) { return distribute(order, key); }};
    const auto totals = std::make_shared<RecentTotals>(plan_->settings.state, runtime::namespace_of(plan_->settings));
    const auto misbehaved = [this](std::string_view instance, std::string_view text) {
        raise_for(instance, "headers", STIPEND_ALERT_WARNING, text);
    };
    if (auto made = ManagerApi::create(host_, *engine_, plan_->settings, std::move(orders), thread,
                                       {.registrations = registrations_,
                                        .registrar = registrar_.get(),
                                        .connect_back = connect_back_,
                                        .offers = offers_,
                                        .objections = objections_.get(),
                                        .targets = targets_.get(),
                                        .policy = [this] { return plan_->policy.chosen; },
                                        .targets_of_uptime = [this] { return plan_->settings.sla; },
                                        .overview = [this, totals] { return overview(*totals); },
                                        .offer = [this](std::string_view id) { return offer(id); },
                                        .pages = pages_.get(),
                                        .misbehaved = misbehaved},
                                       proofs_, events_.get())) {
        api_ = std::move(*made);
        const auto* scheme = plan_->settings.api.tls_certificate.empty() ? "http://" : "https://";
        host_.log().info(cat("the API is served at ", scheme, api_->address()));
    } else {
        const auto text = "the API is not served: " + made.error().message;
        engine_->raise({.id = "api", .severity = STIPEND_ALERT_WARNING, .text = text, .at = host_.now()});
    }
}

void Manager::announce() const {
    auto& log = host_.log();
    const auto& settings = plan_->settings;
    announce_settlement(settings);
    log.info(cat(plan_->spend.orchestrators, " orchestrators, every ", duration_text(settings.payment.interval_ns),
                 ", base ", settings.payment.base.text(), " USD"));
    log.info("largest possible spend: " + spend_text(plan_->spend));
    log.info("largest possible fees: " + fees_text(plan_->fees));
    if (plan_->spend.orchestrators == 0) {
        log.warn("no orchestrators are configured: list them under `orchestrators:`, or in ORCHESTRATOR_ADDRESSES");
    }
}

runtime::Watcher::Hooks Manager::watcher_hooks() {
    return {
        .found = {},
        .saved =
            [this](const Result<void>& saved) {
                if (saved) return engine_->resolve("observations", host_.now());
                engine_->raise({.id = "observations",
                                .severity = STIPEND_ALERT_WARNING,
                                .text = "what the monitors observe is not stored: " + saved.error().message,
                                .at = host_.now()});
            },
        .changed = [this](const runtime::TargetHistory&, std::int32_t) { checks_changed_ = true; },
        .turned = [this] { checks_changed_ = true; },
        .refused =
            [this](const std::string& monitor, const std::string& what) {
                const auto id = "plugin:" + monitor;
                if (what.empty()) return engine_->resolve(id, host_.now());
                ++refused_observations_;
                engine_->raise({.id = id,
                                .severity = STIPEND_ALERT_WARNING,
                                .text = "a monitor returned an invalid observation, which counts as not seen: " + what,
                                .at = host_.now()});
            }};
}

void Manager::reserve_fee(const std::string& job_id, const SignedWei& wei, plugin::FeeAccount::Answer answer) {
    const auto ns = runtime::namespace_of(plan_->settings).text();
    const auto name = parse_job_id(ns, job_id);
    if (name && name->attempt == 0) {
        const auto payee = calls_.payee_of(name->epoch);
        if (!payee || engine_->payees().key(*payee) != name->key) {
            return answer(fail(STIPEND_E_INVALID, "fee not reserved: no call is under way: ", clip(job_id, 300)));
        }
        return engine_->reserve_call(*payee, name->epoch, wei, std::move(answer), host_.now());
    }
    const auto token = name ? engine_->job_under_way(name->key, name->epoch, name->attempt) : std::nullopt;
    if (!token) return answer(fail(STIPEND_E_INVALID, "fee not reserved: no job is under way: ", clip(job_id, 300)));
    engine_->reserve_fee(*token, wei, std::move(answer), host_.now());
}

void Manager::submit(const JobSpec& given, const registry::Payee& payee) {
    auto job = given;
    job.registered = plan_->registered.contains(payee.key);
    if (auto result = job.registered ? without_proof(payee.key) : std::nullopt) {
        host_.loop().post([this, token = job.token, result = std::move(*result)]() mutable {
            engine_->job_done(token, std::move(result), host_.now());
        });
        return;
    }
    dispatch_.submit(job, payee, [this, token = job.token](JobResult result) {
        engine_->job_done(token, std::move(result), host_.now());
    });
}

void Manager::commit(std::shared_ptr<const ledger::Batch> batch) {
    host_.writer().commit(std::move(batch), [this](Result<void> result) {
        host_.loop().post([this, result = std::move(result)] {
            if (events_ && result) events_->notify();
            engine_->committed(result, host_.now());
        });
    });
}

void Manager::fetch_price(std::size_t network) {
    const auto& asked = *config::networks_of(plan_->settings).at(network);
    fetch_rate(host_.instances().at(price_key(asked)), asked.asset.symbol, host_.clock().monotonic(), price_deadline_ns,
               [this, network](Result<Quote> quote) {
                   host_.loop().post(
                       [this, network, quote = std::move(quote)] { engine_->price_done(network, quote, host_.now()); });
               });
}

}  // namespace stipend::engine
