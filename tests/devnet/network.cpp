#include "tests/devnet/network.hpp"

#include <algorithm>

#include "host/base/time.hpp"
#include "stipend/json.hpp"
#include "tests/devnet/cli.hpp"

namespace stipend::devnet {
namespace {

Json of_count(std::uint64_t value) {
    return Json::of_number(std::to_string(value));
}

Json state_of(const Orchestrator& orchestrator, const std::string& spelling) {
    const auto& behaviour = orchestrator.behaviour();
    auto capabilities = Json::array();
    for (const auto& [name, entry] : orchestrator.capabilities().entries()) {
        capabilities.push(Json::object()
                              .set("name", name)
                              .set("url", entry.url)
                              .set("scripted", entry.scripted)
                              .set("capacity", entry.capacity)
                              .set("load", entry.load));
    }
    auto registered = Json::array();
    for (const auto unix_ns : orchestrator.counters().registered_unix_ns) {
        registered.push(Json(utc_text(unix_ns)));
    }
    return Json::object()
        .set("orchestrator", of_count(orchestrator.number()))
        .set("address", spelling)
        .set("announces", orchestrator.announced())
        .set("in_pool", !behaviour.unknown)
        .set("fault", fault_name(behaviour.fault.kind))
        .set("uptime", behaviour.uptime ? Json(*behaviour.uptime) : Json())
        .set("tokens", of_count(orchestrator.counters().tokens))
        .set("jobs", of_count(orchestrator.counters().jobs))
        .set("registrations", of_count(orchestrator.counters().registrations))
        .set("registered_at", std::move(registered))
        .set("in_flight", of_count(orchestrator.in_flight()))
        .set("capabilities", std::move(capabilities));
}

Json state_of(const GatewayCounters& counters, GatewayFaultKind fault, const Account& account) {
    return Json::object()
        .set("fault", gateway_fault_name(fault))
        .set("account", account.key.address())
        .set("deposit", Json::of_number(account.visible_deposit()))
        .set("reserve", Json::of_number(account.reserve))
        .set("requests", of_count(counters.requests))
        .set("malformed", of_count(counters.malformed))
        .set("none_found", of_count(counters.none_found))
        .set("answered", of_count(counters.answered))
        .set("refused", of_count(counters.refused))
        .set("all_failed", of_count(counters.all_failed))
        .set("broken", of_count(counters.broken));
}

}  // namespace

class Network::LockedWorld final : public World {
  public:
    LockedWorld(World& world, std::mutex& mutex) : world_(world), mutex_(mutex) {}

    std::int64_t unix_ns() override { return world_.unix_ns(); }
    std::int64_t mono_ns() override { return world_.mono_ns(); }
    void after(std::int64_t delay_ns, std::function<void()> then) override {
        world_.after(delay_ns, [this, then = std::move(then)] {
            const std::lock_guard lock(mutex_);
            then();
        });
    }
    void call_worker(WorkerCall call, std::function<void(WorkerResult)> done) override {
        world_.call_worker(std::move(call), [this, done = std::move(done)](WorkerResult result) {
            const std::lock_guard lock(mutex_);
            done(std::move(result));
        });
    }
    void renew_certificate(std::uint32_t orchestrator) override { world_.renew_certificate(orchestrator); }
    void restart_listener(std::uint32_t orchestrator, std::int64_t down_ns) override {
        world_.restart_listener(orchestrator, down_ns);
    }

  private:
    World& world_;
    std::mutex& mutex_;
};

std::string made_address(std::uint32_t number, std::uint16_t port) {
    constexpr std::uint32_t per_octet = 250;
    const auto low = 1 + number % per_octet;
    const auto middle = 1 + number / per_octet % per_octet;
    const auto high = number / (per_octet * per_octet);
    return cat("https://127.", high, ".", middle, ".", low, ":", port);
}

bool ends_in_slash(const Population& population, std::uint32_t number) {
    const auto every = population.slash_every;
    return every != 0 && number % every == every - 1;
}

Network::Network(World& world, Settings settings, const Population& population)
    : settings_(std::move(settings)),
      world_(std::make_unique<LockedWorld>(world, mutex_)),
      random_(settings_.seed),
      log_(settings_.job_log),
      calls_(settings_.job_log),
      account_(EthKey::from_seed(cat("stipend-devnet gateway ", settings_.seed)), settings_.deposit_wei,
               settings_.reserve_wei),
      signer_(account_, settings_) {
    const Surroundings around{*world_, settings_, random_, log_, account_, signer_, calls_};
    gateway_ = std::make_unique<Gateway>(around, orchestrators_);
    orchestrators_.reserve(population.count);
    for (std::uint32_t number = 0; number < population.count; ++number) {
        const bool listens = number < population.addresses.size();
        auto address = listens ? population.addresses[number] : made_address(number, population.port);
        auto spelling = address + (ends_in_slash(population, number) ? "/" : "");
        orchestrators_.push_back(
            std::make_unique<Orchestrator>(around, number, std::move(address), listens && population.bare_listeners));
        gateway_->add_to_pool(number, std::move(spelling));
    }
}

Network::~Network() = default;

Ticket Network::gateway_request(Request request, const Respond& respond) {
    const bool health = request.path == "/healthz";
    auto parsed = parse_gateway_request(std::move(request), settings_.era);
    const std::lock_guard lock(mutex_);
    switch (gateway_fault_.kind) {
        case GatewayFaultKind::none:
        case GatewayFaultKind::deposit_empty:
        case GatewayFaultKind::funds:
            break;
        case GatewayFaultKind::down:
            respond(shaped(Reply::Shape::closed));
            return {};
        case GatewayFaultKind::hang:
            respond(shaped(Reply::Shape::silent));
            return {};
        case GatewayFaultKind::error:
            respond(http_error(gateway_fault_.status, gateway_fault_.text));
            return {};
        case GatewayFaultKind::malformed:
            respond(http_error(400, cat("Unable to parse job request, err=", encoding_text)));
            return {};
    }
    if (health) {
        respond(Reply{});
        return {};
    }
    if (!parsed.job) {
        gateway_->count_malformed();
        respond(std::move(parsed.refusal));
        return {};
    }
    gateway_->submit(parsed.job, parsed.filter, respond);
    return Ticket(std::move(parsed.job));
}

std::uint64_t Network::orchestrator_request(std::uint32_t number, const Request& request, const Respond& respond) {
    const std::lock_guard lock(mutex_);
    if (settings_.live_runners && LiveRunners::owns(request.path)) requests_.note(std::to_string(number), request);
    return orchestrators_.at(number)->handle(request, respond);
}

void Network::abandon_call(std::uint32_t number, std::uint64_t call) {
    const std::lock_guard lock(mutex_);
    orchestrators_.at(number)->abandon(call);
}

Reply Network::signer_request(const Request& request) {
    const std::lock_guard lock(mutex_);
    requests_.note("signer", request);
    return signer_.handle(request);
}

Reply Network::register_runners(std::uint32_t number, std::string_view body) {
    const std::lock_guard lock(mutex_);
    return orchestrators_.at(number)->live().register_static(body);
}

void Network::apply_signer(const SignerFault& fault) {
    const std::lock_guard lock(mutex_);
    signer_.apply(fault);
}

SignerFault Network::signer_fault() const {
    const std::lock_guard lock(mutex_);
    return signer_.fault();
}

void Network::abandon(const Ticket& ticket) {
    const std::lock_guard lock(mutex_);
    if (ticket.job_) ticket.job_->gone = true;
}

Result<void> Network::apply(Selection selection, const FaultChange& change) {
    const std::lock_guard lock(mutex_);
    if (selection.first > selection.last || selection.last >= orchestrators_.size()) {
        return fail(STIPEND_E_INVALID, "orchestrator: got ", selection.first, " to ", selection.last, ", want 0 to ",
                    orchestrators_.size() - 1);
    }
    auto resolved = change;
    if (change.verb == FaultChange::Verb::another) {
        if (static_cast<std::uint64_t>(change.number) >= orchestrators_.size()) {
            return fail(STIPEND_E_INVALID, "another: orchestrator: got ", change.number, ", want 0 to ",
                        orchestrators_.size() - 1);
        }
        resolved.text = orchestrators_[static_cast<std::size_t>(change.number)]->address();
    }
    for (auto number = selection.first; number <= selection.last; ++number) orchestrators_[number]->apply(resolved);
    return {};
}

void Network::apply_gateway(const GatewayFault& fault) {
    const std::lock_guard lock(mutex_);
    if (fault.kind == GatewayFaultKind::funds) {
        if (fault.deposit_wei) account_.deposit = *fault.deposit_wei;
        if (fault.reserve_wei) account_.reserve = *fault.reserve_wei;
        return;
    }
    gateway_fault_ = fault;
    account_.deposit_hidden = fault.kind == GatewayFaultKind::deposit_empty;
}

Reply Network::cli_request(const Request& request) const {
    const std::lock_guard lock(mutex_);
    if (gateway_fault_.kind == GatewayFaultKind::hang) return shaped(Reply::Shape::silent);
    return cli_reply(account_, request);
}

GatewayFault Network::gateway_fault() const {
    const std::lock_guard lock(mutex_);
    return gateway_fault_;
}

std::string Network::addresses() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (std::uint32_t number = 0; number < orchestrators_.size(); ++number) {
        if (number != 0) out.push_back(',');
        out += gateway_->spelling(number);
    }
    return out;
}

std::string Network::state(std::uint32_t from, std::uint32_t limit) const {
    const std::lock_guard lock(mutex_);
    auto list = Json::array();
    const auto end = std::min<std::uint64_t>(orchestrators_.size(), std::uint64_t{from} + limit);
    for (auto number = from; number < end; ++number) {
        auto one = state_of(*orchestrators_[number], gateway_->spelling(number));
        if (settings_.live_runners) one.set("live_runners", orchestrators_[number]->live().state());
        list.push(std::move(one));
    }
    auto out = Json::object()
                   .set("gateway", state_of(gateway_->counters(), gateway_fault_.kind, account_))
                   .set("jobs", of_count(log_.total()))
                   .set("total", of_count(orchestrators_.size()));
    if (settings_.live_runners) out.set("signer", signer_.state());
    return out.set("orchestrators", std::move(list)).dump();
}

std::string Network::requests(std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    return requests_.json(limit).dump();
}

std::string Network::jobs(std::size_t limit) const {
    return shown(log_, limit);
}

std::string Network::runner_calls(std::size_t limit) const {
    return shown(calls_, limit);
}

std::string Network::shown(const JobLog& log, std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    auto list = Json::array();
    const auto& records = log.records();
    const auto skip = records.size() > limit ? records.size() - limit : 0;
    for (auto record = records.begin() + static_cast<std::ptrdiff_t>(skip); record != records.end(); ++record) {
        list.push(Json::object()
                      .set("at", utc_text(record->unix_ns))
                      .set("unix_ns", record->unix_ns)
                      .set("orchestrator", of_count(record->orchestrator))
                      .set("capability", of_foreign(record->capability))
                      .set("price", Json::of_number(record->price))
                      .set("path", of_foreign(record->path))
                      .set("body", of_foreign(record->body)));
    }
    return Json::object().set("total", of_count(log.total())).set("jobs", std::move(list)).dump();
}

}  // namespace stipend::devnet
