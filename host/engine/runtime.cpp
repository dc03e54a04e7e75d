#include "host/engine/runtime.hpp"

#include <algorithm>
#include <filesystem>

#include "host/engine/clients.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr unsigned worker_threads = 2;
constexpr std::int64_t price_deadline_ns = 30 * ns_per_s;
constexpr std::int64_t clock_jump_ns = 2 * ns_per_s;
constexpr std::int64_t stuck_after_ns = 60 * ns_per_s;

}  // namespace

Runtime::Runtime(const Clock& clock, Reporter& reporter, RuntimeOptions options)
    : clock_(clock), line_(clock), reporter_(reporter), options_(std::move(options)) {}

Result<std::unique_ptr<Runtime>> Runtime::create(const Clock& clock, Reporter& reporter, RuntimeOptions options) {
    std::unique_ptr<Runtime> self(new Runtime(clock, reporter, std::move(options)));
    std::error_code ec;
    const std::filesystem::path folder = self->options_.state_folder;
    std::filesystem::create_directories(folder, ec);
    if (ec) return fail(STIPEND_E_CONFIG, "cannot use the state folder: ", folder.native(), ": ", ec.message());
    STIPEND_LET(opened, ledger::open(folder / "ledger.db", {.ns = self->options_.ns}));
    STIPEND_LET(state, opened->load_state());
    self->pool_ = std::make_unique<plugin::WorkerPool>(worker_threads);
    self->writer_ = std::make_unique<LedgerWriter>(std::move(opened));
    STIPEND_LET(client, http::CurlClient::create());
    self->client_ = std::move(client);
    self->engine_ = std::make_unique<Engine>(*self, std::move(state), self->line_.now());
    return self;
}

Runtime::~Runtime() {
    // Whatever still answers finds nobody: the queue is closed, exchanges end, the plugins' parts go, then the threads.
    loop_.close();
    if (client_) client_->stop();
    const plugin::ControlScope control;
    if (dispatch_.instance) retiring_.push_back(std::move(dispatch_.instance));
    if (price_.instance) retiring_.push_back(std::move(price_.instance));
    for (const auto& instance : retiring_) instance->destroy();
    pool_.reset();
}

Result<Runtime::Slot> Runtime::make(const Slot& old, const plugin::Prepared& prepared, const std::string& name,
                                    const Plan& plan) {
    const auto made_of =
        cat(prepared.chosen.library->staged.sha256, " ", prepared.chosen.plugin->id, " ", prepared.config_json);
    if (old.instance && old.made_of == made_of) return old;
    const plugin::Services services{.clock = &clock_,
                                    .executor = pool_.get(),
                                    .http = client_.get(),
                                    .values = writer_.get(),
                                    .metrics = options_.metrics,
                                    .log = options_.log};
    const auto& settings = plan.settings;
    const stipend_terms terms{sizeof(stipend_terms), 0, settings.payment.interval_ns, settings.payment.base_usd_e8};
    STIPEND_LET(instance, plugin::Instance::create(prepared.chosen, name, prepared.config_json, terms, services));
    STIPEND_TRY(instance->start());
    return Slot{instance, made_of};
}

Result<ledger::GenerationId> Runtime::apply(Plan plan) {
    const plugin::ControlScope control;
    STIPEND_LET(dispatch, make(dispatch_, plan.dispatch, "dispatch", plan));
    STIPEND_LET(price, make(price_, plan.price, "price", plan));
    // The same orchestrators by the same terms need no second look.
    const bool same_registry = plan_ && plan_->registry_mark == plan.registry_mark && plan.publication.own.empty() &&
                               plan_->publication.own.empty();
    Publication publication{plan.publication.generation, std::nullopt, plan.publication.own};
    if (!same_registry) publication.payees = std::move(plan.publication.payees);
    plan.publication.payees.reset();
    const auto published = engine_->publish(std::move(publication), line_.now());
    if (!published) {
        for (const auto* fresh : {&dispatch, &price}) {
            if (fresh->instance != dispatch_.instance && fresh->instance != price_.instance) retire(fresh->instance);
        }
        return published.error();
    }
    const auto swap = [this](Slot& mine, Slot fresh) {
        if (mine.instance && mine.instance != fresh.instance) retire(std::move(mine.instance));
        mine = std::move(fresh);
    };
    swap(dispatch_, dispatch);
    swap(price_, price);
    plan_ = std::move(plan);
    return published;
}

// An instance that is no longer used completes what it has, and then goes.
void Runtime::retire(std::shared_ptr<plugin::Instance> instance) {
    auto* raw = instance.get();
    retiring_.push_back(std::move(instance));
    raw->quiesce([this, raw] {
        loop_.post([this, raw] {
            const auto at =
                std::find_if(retiring_.begin(), retiring_.end(), [raw](const auto& one) { return one.get() == raw; });
            if (at == retiring_.end()) return;
            (*at)->destroy();
            retiring_.erase(at);
        });
    });
}

Result<void> Runtime::run() {
    if (options_.once) engine_->limit_to(line_.now());
    loop_.run(clock_, [this] { return turn(); });
    loop_.close();  // who still waits for this thread is told so, instead of waiting for ever
    if (engine_->failure()) return *engine_->failure();
    return {};
}

std::optional<stipend_mono_ns> Runtime::turn() {
    const auto now = line_.now();
    watch_clock(now);
    engine_->tick(now);
    const bool done =
        engine_->failure() || (stopping_ && !engine_->writing()) || (options_.once && engine_->quiet(now));
    if (done) {
        loop_.stop();
        return std::nullopt;
    }
    if (options_.on_turn && !engine_->stuck(now, stuck_after_ns)) options_.on_turn();
    auto next = engine_->next_wakeup(now);
    if (options_.turn_every_ns != 0)
        next = next ? std::min(*next, now + options_.turn_every_ns) : now + options_.turn_every_ns;
    if (!next) return std::nullopt;
    return line_.monotonic_of(*next);
}

// The schedule follows the monotonic clock; that the wall clock was set is worth knowing, since records follow it too.
void Runtime::watch_clock(stipend_unix_ns now) {
    const auto skew = line_.skew_ns();
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
    loop_.post([this] {
        stopping_ = true;
        engine_->drain();
    });
}

std::vector<std::string> Runtime::instance_health() const {
    std::vector<std::string> out;
    for (const auto* slot : {&dispatch_, &price_}) {
        if (!slot->instance) continue;
        const auto health = slot->instance->health();
        if (!health) out.push_back(health.error().message);
    }
    return out;
}

void Runtime::submit(const JobSpec& job, const registry::Payee& payee) {
    submit_job(*dispatch_.instance, job, payee, options_.ns.text(), [this, token = job.token](JobResult result) {
        loop_.post([this, token, result = std::move(result)]() mutable {
            engine_->job_done(token, std::move(result), line_.now());
        });
    });
}

void Runtime::commit(std::shared_ptr<const ledger::Batch> batch) {
    writer_->commit(std::move(batch), [this](Result<void> result) {
        loop_.post([this, result = std::move(result)] { engine_->committed(result, line_.now()); });
    });
}

void Runtime::fetch_price() {
    fetch_rate(*price_.instance, clock_.monotonic() + price_deadline_ns, [this](Result<Quote> quote) {
        loop_.post([this, quote = std::move(quote)]() mutable { engine_->price_done(std::move(quote), line_.now()); });
    });
}

void Runtime::tell(const Alert& alert) {
    reporter_.alert(alert);
}

void Runtime::decided(const registry::Payee& payee, const ledger::Decision& decision) {
    reporter_.decided(payee, decision, line_.now());
}

void Runtime::held(const registry::Payee& payee, std::uint64_t epoch, std::string_view why, stipend_unix_ns next_at) {
    reporter_.held(payee, epoch, why, next_at);
}

}  // namespace stipend::engine
