#include "host/engine/runtime.hpp"

#include <algorithm>

#include "host/engine/clients.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t price_deadline_ns = 30 * ns_per_s;
constexpr std::int64_t clock_jump_ns = 2 * ns_per_s;
constexpr std::int64_t stuck_after_ns = 60 * ns_per_s;

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::create(const Clock& clock, Reporter& reporter, RuntimeOptions options) {
    std::unique_ptr<Runtime> self(new Runtime(reporter, std::move(options)));
    STIPEND_LET(shop, work::Workshop::create(clock, self->options_.workshop));
    self->engine_ = std::make_unique<Engine>(*self, shop->take_state(), shop->now());
    self->shop_ = std::move(shop);
    self->watcher_ = std::make_unique<work::Watcher>(
        *self->shop_, work::Watcher::Hooks{.kept = [raw = self.get()](const Result<void>& kept) {
            if (kept) return raw->engine_->resolve("observations", raw->now());
            raw->engine_->raise({.id = "observations",
                                 .severity = STIPEND_ALERT_WARNING,
                                 .text = "what the monitors saw is not kept: " + kept.error().message,
                                 .at = raw->now()});
        }});
    return self;
}

Runtime::~Runtime() = default;

Result<Runtime::Made> Runtime::make(const Plan& plan) {
    const auto& payment = plan.settings.payment;
    const stipend_terms terms{sizeof(stipend_terms), 0, payment.interval_ns, payment.base_usd_e8};
    Made made;
    const auto add = [&](work::Slot& to, const work::Slot& old, const plugin::Prepared& prepared,
                         const std::string& name) -> Result<void> {
        STIPEND_LET(slot, shop_->make(old, prepared, name, terms));
        to = std::move(slot);
        return {};
    };
    auto done = add(made.dispatch, used_.dispatch, plan.dispatch, "dispatch");
    if (done) done = add(made.price, used_.price, plan.price, "price");
    for (const auto& [name, prepared] : plan.monitors) {
        const auto old = used_.monitors.find(name);
        if (done)
            done = add(made.monitors[name], old == used_.monitors.end() ? work::Slot() : old->second, prepared, name);
    }
    if (done) return made;
    give_up(made);
    return done.error();
}

void Runtime::give_up(const Made& made) {
    shop_->give_up(used_.dispatch, made.dispatch);
    shop_->give_up(used_.price, made.price);
    for (const auto& [name, slot] : made.monitors) shop_->give_up(used_.monitors[name], slot);
}

void Runtime::take(Made made, const std::vector<PlannedCheck>& checks) {
    std::vector<work::WatchTarget> targets;
    for (const auto& [key, check] : checks) {
        const auto payee = engine_->payees().find(key);
        if (!payee) continue;
        targets.push_back({.owner = engine_->payees()[*payee].id,
                           .id = check.target,
                           .endpoint = check.target,
                           .monitor = check.monitor,
                           .every_ns = check.every_ns});
    }
    watcher_->watch(std::move(targets), made.monitors);
    shop_->replace(used_.dispatch, std::move(made.dispatch));
    shop_->replace(used_.price, std::move(made.price));
    for (auto& [name, slot] : used_.monitors) {
        if (!made.monitors.contains(name) && slot.instance) shop_->retire(slot.instance);
    }
    for (auto& [name, slot] : made.monitors) shop_->replace(used_.monitors[name], slot);
    std::erase_if(used_.monitors, [&](const auto& entry) { return !made.monitors.contains(entry.first); });
}

Result<ledger::GenerationId> Runtime::apply(Plan plan) {
    const plugin::ControlScope control;
    STIPEND_LET(made, make(plan));
    // The same orchestrators by the same terms need no second look.
    const bool same_registry = plan_ && plan_->registry_mark == plan.registry_mark && plan.publication.own.empty() &&
                               plan_->publication.own.empty();
    Publication publication{plan.publication.generation, std::nullopt, plan.publication.own};
    if (!same_registry) publication.payees = std::move(plan.publication.payees);
    plan.publication.payees.reset();
    auto published = engine_->publish(std::move(publication), now());
    if (!published) {
        give_up(made);
        return published.error();
    }
    take(std::move(made), plan.checks);
    plan_ = std::move(plan);
    return published;
}

Result<void> Runtime::run() {
    if (options_.once) engine_->limit_to(now());
    loop().run(shop_->clock(), [this] { return turn(); });
    loop().close();  // who still waits for this thread is told so, instead of waiting for ever
    if (engine_->failure()) return *engine_->failure();
    return {};
}

std::optional<stipend_mono_ns> Runtime::turn() {
    const auto now = this->now();
    watch_clock(now);
    engine_->tick(now);
    const bool done =
        engine_->failure() || (stopping_ && !engine_->writing()) || (options_.once && engine_->quiet(now));
    if (done) {
        watcher_->save_last();
        loop().stop();
        return std::nullopt;
    }
    if (options_.on_turn && !engine_->stuck(now, stuck_after_ns)) options_.on_turn();
    auto next = engine_->next_wakeup(now);
    if (const auto look = watcher_->tick(now)) next = next ? std::min(*next, *look) : *look;
    if (options_.turn_every_ns != 0)
        next = next ? std::min(*next, now + options_.turn_every_ns) : now + options_.turn_every_ns;
    if (!next) return std::nullopt;
    return shop_->line().monotonic_of(*next);
}

// The schedule follows the monotonic clock; that the wall clock was set is worth knowing, since records follow it too.
void Runtime::watch_clock(stipend_unix_ns now) {
    const auto skew = shop_->line().skew_ns();
    if (skew > clock_jump_ns || skew < -clock_jump_ns) {
        engine_->raise({.id = "clock-set",
                        .severity = STIPEND_ALERT_WARNING,
                        .text = cat("the clock was set by ", skew / ns_per_s,
                                    " s while the host runs: the schedule goes on "
                                    "unchanged; records keep the time of the host's start until it is started again"),
                        .at = now});
    } else {
        engine_->resolve("clock-set", now);
    }
}

void Runtime::stop() {
    post([this] {
        stopping_ = true;
        engine_->drain();
    });
}

std::vector<std::string> Runtime::instance_health() const {
    std::vector<std::string> out;
    std::vector<const work::Slot*> slots{&used_.dispatch, &used_.price};
    for (const auto& [name, slot] : used_.monitors) slots.push_back(&slot);
    for (const auto* slot : slots) {
        if (!slot->instance) continue;
        const auto health = slot->instance->health();
        if (!health) out.push_back(health.error().message);
    }
    return out;
}

void Runtime::submit(const JobSpec& job, const registry::Payee& payee) {
    submit_job(*used_.dispatch.instance, job, payee, options_.workshop.ns.text(),
               [this, token = job.token](JobResult result) {
                   post([this, token, result = std::move(result)]() mutable {
                       engine_->job_done(token, std::move(result), now());
                   });
               });
}

void Runtime::commit(std::shared_ptr<const ledger::Batch> batch) {
    writer().commit(std::move(batch), [this](Result<void> result) {
        post([this, result = std::move(result)] { engine_->committed(result, now()); });
    });
}

std::optional<uptime::Observed> Runtime::observed(const registry::Payee& payee, stipend_unix_ns from,
                                                  stipend_unix_ns to) const {
    return watcher_->observed(payee.id, from, to);
}

void Runtime::fetch_price() {
    fetch_rate(*used_.price.instance, shop_->clock().monotonic() + price_deadline_ns, [this](Result<Quote> quote) {
        post([this, quote = std::move(quote)]() mutable { engine_->price_done(std::move(quote), now()); });
    });
}

void Runtime::tell(const Alert& alert) {
    reporter_.alert(alert);
}

void Runtime::decided(const registry::Payee& payee, const ledger::Decision& decision) {
    reporter_.decided(payee, decision, now());
}

void Runtime::held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why, stipend_unix_ns next_at) {
    reporter_.held(payee, epoch, why, next_at);
}

}  // namespace stipend::engine
