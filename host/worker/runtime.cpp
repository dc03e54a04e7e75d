#include "host/worker/runtime.hpp"

#include <algorithm>
#include <future>

#include "stipend/abi/service.h"
#include "stipend/host.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::worker {
namespace {

constexpr std::int64_t farewell_ns = 5 * ns_per_s;
constexpr const char* kept_by = "services";  // whose values these are, beside the plugins' own
constexpr const char* found_key = "found";

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::create(const Clock& clock, RuntimeOptions options) {
    std::unique_ptr<Runtime> self(new Runtime(std::move(options)));
    auto* raw = self.get();
    const auto& given = self->options_;
    STIPEND_TRY(self->routes_.listen(listener, given.listen));
    STIPEND_LET(shop, work::Workshop::create(clock, {.ns = {ledger::Mode::dry_run, 42161},
                                                     .state_folder = given.state_folder,
                                                     .log = given.log,
                                                     .metrics = given.metrics,
                                                     .routes = &self->routes_,
                                                     .watched = &self->view_}));
    self->shop_ = std::move(shop);
    if (given.on_turn) self->pulse_.emplace(*self->shop_, given.turn_every_ns);
    self->watcher_ = std::make_unique<work::Watcher>(
        *self->shop_, work::Watcher::Hooks{.found = [raw](const work::Discovery& discovery) { raw->found(discovery); },
                                           .kept =
                                               [raw](const Result<void>& kept) {
                                                   if (kept) return;
                                                   raw->log(STIPEND_LOG_ERROR,
                                                            "what was seen is not kept: " + kept.error().message);
                                               },
                                           .changed =
                                               [raw](const work::Watched& one, std::int32_t) {
                                                   const auto verdict = one.series.verdict(raw->shop_->now());
                                                   const bool up = verdict == STIPEND_UP;
                                                   raw->log(up ? STIPEND_LOG_INFO : STIPEND_LOG_WARN,
                                                            cat(one.id,
                                                                up                           ? " is up: "
                                                                : verdict == STIPEND_UNKNOWN ? " cannot be seen: "
                                                                                             : " is down: ",
                                                                one.series.why()));
                                               }});
    self->view_.set_watcher(self->watcher_.get(), &self->shop_->line());
    self->restore_found();
    return self;
}

Runtime::~Runtime() {
    routes_.close();
    view_.set_watcher(nullptr, nullptr);  // it goes before the plugins, whose threads may still look at it
}

void Runtime::log(std::int32_t level, const std::string& text) const {
    if (options_.log != nullptr && options_.log->enabled(level)) options_.log->write(level, "services", text);
}

// What was found and is watched stays so, also while it is gone.
void Runtime::restore_found() {
    const auto text = shop_->writer().get(kept_by, found_key);
    if (!text) return;
    const auto json = parse_json(*text);
    if (!json) return;
    for (const auto& one : json->items()) {
        if (one.items().size() == 2) found_.emplace_back(one.items()[0].text(), one.items()[1].text());
    }
}

void Runtime::found(const work::Discovery& discovery) {
    if (!view_.add_found(discovery.id, discovery.why)) return;
    const bool watched = plan_->settings.services.discover == config::Discover::watch;
    log(STIPEND_LOG_INFO,
        cat("found ", discovery.id, ": ", discovery.why,
            watched ? "; it is watched from now on" : "; to have it watched, list it under services.watch"));
    if (!watched) return;
    found_.emplace_back(discovery.monitor, discovery.id);
    Json kept = Json::array();
    for (const auto& [monitor, name] : found_) kept.push(Json::array().push(monitor).push(name));
    shop_->writer().query([text = kept.dump()](ledger::Ledger& ledger) {
        static_cast<void>(
            ledger.kv_put(kept_by, found_key, text, {}));  // found again after a restart, where it still runs
    });
    watch();
}

void Runtime::watch() {
    const auto& services = plan_->settings.services;
    const bool all = services.discover == config::Discover::watch;
    watcher_->watch(targets_of(services, all ? found_ : decltype(found_)()), monitors_,
                    {services.ignore.begin(), services.ignore.end()});
}

Result<void> Runtime::apply(Plan plan) {
    const plugin::ControlScope control;
    std::map<std::string, work::Slot> monitors;
    const auto give_up = [&] {
        for (const auto& [name, slot] : monitors) shop_->give_up(monitors_[name], slot);
        std::erase_if(monitors_, [](const auto& entry) { return !entry.second.instance; });
    };
    for (const auto& [name, prepared] : plan.monitors) {
        auto slot = shop_->make(monitors_[name], prepared, name, no_terms);
        if (!slot) {
            give_up();
            return slot.error();
        }
        monitors[name] = std::move(slot).value();
    }
    auto service = shop_->make(service_, plan.service, "worker", no_terms);
    if (!service) {
        give_up();
        return service.error();
    }
    plan_ = std::move(plan);
    const auto old = std::exchange(monitors_, std::move(monitors));
    watch();  // the old watches end before the monitors that run them
    for (const auto& [name, slot] : old) {
        if (slot.instance && slot.instance != monitors_[name].instance) shop_->retire(slot.instance);
    }
    std::erase_if(monitors_, [](const auto& entry) { return !entry.second.instance; });
    shop_->replace(service_, std::move(service).value());
    return {};
}

void Runtime::run() {
    shop_->loop().run(shop_->clock(), [this] { return turn(); });
    shop_->loop().close();
}

std::optional<stipend_mono_ns> Runtime::turn() {
    const auto now = shop_->now();
    tell_of_turn(now);
    auto next = watcher_->tick(now);
    if (stopping_) {
        if (!service_.instance || now >= stop_by_) {
            watcher_->save_last();
            shop_->loop().stop();
            return std::nullopt;
        }
        next = next ? std::min(*next, stop_by_) : stop_by_;
    }
    if (options_.turn_every_ns != 0)
        next = next ? std::min(*next, now + options_.turn_every_ns) : now + options_.turn_every_ns;
    if (!next) return std::nullopt;
    return shop_->line().monotonic_of(*next);
}

// Who restarts us when this falls silent has to hear it also where this thread turns and another part hangs.
void Runtime::tell_of_turn(stipend_unix_ns now) {
    if (!options_.on_turn) return;
    std::vector<std::shared_ptr<plugin::Instance>> instances;
    if (service_.instance) instances.push_back(service_.instance);
    for (const auto& [name, slot] : monitors_) instances.push_back(slot.instance);
    pulse_->ask(instances, now);
    if (!pulse_->stuck(now, options_.patience_ns)) options_.on_turn();
}

void Runtime::stop() {
    post([this] { begin_stop(); });
}

void Runtime::begin_stop() {
    if (stopping_) return;
    stopping_ = true;
    stop_by_ = shop_->now() + farewell_ns;
    if (service_.instance) {
        shop_->retire(service_.instance, [this] { service_.instance.reset(); });
    }
}

void Runtime::refresh_metrics(work::Metrics& metrics) const {
    const auto now = shop_->now();
    std::size_t up = 0, all = 0;
    watcher_->visit(0, [&](const work::Watched& one) {
        ++all;
        up += one.series.verdict(now) == STIPEND_UP ? 1 : 0;
    });
    metrics.set_gauge("services", "Services that are watched.", static_cast<double>(all));
    metrics.set_gauge("services_up", "Services that are up at present.", static_cast<double>(up));
}

Result<Json> Runtime::services(std::uint32_t window_s) {
    STIPEND_LET(report, view_.report(window_s));
    return services_json(report);
}

Result<std::string> Runtime::report() {
    auto promise = std::make_shared<std::promise<Result<std::string>>>();
    auto answer = promise->get_future();
    post([this, promise] {
        const auto instance = service_.instance;
        if (!instance) return promise->set_value(fail(STIPEND_E_STATE, "the host is stopping"));
        const auto* table = static_cast<const stipend_service_v1*>(instance->table(STIPEND_SERVICE));
        auto text = std::make_shared<std::string>();
        // It ends with its start: what is to be known is written there.
        instance->begin(
            [table, text](stipend_instance* plugin, stipend_completion, stipend_error* e) {
                const stipend_sink sink{
                    text.get(), [](void* to, const void* data, std::uint64_t length) -> stipend_status {
                        static_cast<std::string*>(to)->append(static_cast<const char*>(data), length);
                        return STIPEND_OK;
                    }};
                const auto status = table->report(plugin, &sink, e);
                return status == STIPEND_OK ? static_cast<stipend_status>(STIPEND_E_CANCELLED) : status;
            },
            [promise, text](Result<const void*> done) {
                if (!text->empty()) return promise->set_value(*text);
                promise->set_value(done ? fail(STIPEND_E_INTERNAL, "nothing was reported") : done.error());
            });
    });
    try {
        return answer.get();
    } catch (const std::future_error&) {
        return fail(STIPEND_E_STATE, "the host is stopping");
    }
}

}  // namespace stipend::worker
