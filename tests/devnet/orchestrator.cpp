#include "tests/devnet/orchestrator.hpp"

#include <algorithm>
#include <utility>

#include "stipend/duration.hpp"
#include "stipend/json.hpp"
#include "tests/devnet/stream.hpp"

namespace stipend::devnet {
namespace {

constexpr std::int64_t balance_life_ns = 600 * ns_per_s;
constexpr std::int64_t demanded_seconds = 60;
constexpr std::int64_t stream_tick_s = 5;
constexpr std::string_view job_prefix = "/process/request/";
constexpr std::size_t max_prices = 10 * CapabilityTable::max_entries;

// What redeeming a ticket costs, on top of a registered price.
FineWei adjusted(FineWei price) {
    return price <= 0 ? price : price * 101 / 100;
}

std::string balance_key(std::string_view sender, std::string_view capability) {
    return cat(sender, " ", capability);
}

std::int64_t timeout_ns_of(const Job& job) {
    return std::clamp<std::int64_t>(job.request.timeout_s, 0, max_timeout_s) * ns_per_s;
}

// url + "/" + what follows the prefix.
std::string worker_url(std::string_view base, std::string_view path) {
    if (path.substr(0, job_prefix.size()) == job_prefix) path.remove_prefix(job_prefix.size());
    return path.empty() ? std::string(base) : cat(base, "/", path);
}

}  // namespace

Orchestrator::Orchestrator(Surroundings surroundings, std::uint32_t number, std::string address, bool bare)
    : around_(surroundings), number_(number), address_(std::move(address)), bare_(bare), live_(runner_host(), bare) {
    if (!bare_) register_scripted();
}

RunnerHost Orchestrator::runner_host() {
    return {.world = around_.world,
            .settings = around_.settings,
            .account = around_.account,
            .signer = around_.signer,
            .calls = around_.calls,
            .number = number_,
            .address = address_,
            .behaviour = behaviour_,
            .strikes = [this](FaultKind kind) { return strikes(kind); }};
}

bool Orchestrator::enter(Capability capability) {
    if (prices_.size() >= max_prices && prices_.find(capability.name) == prices_.end()) return false;
    auto name = capability.name;
    const auto price = capability.price;
    if (!capabilities_.add(std::move(capability))) return false;
    prices_.insert_or_assign(std::move(name), price);
    return true;
}

void Orchestrator::register_scripted() {
    const auto& settings = around_.settings;
    enter(
        {.name = settings.capability, .url = "http://127.0.0.1:9876", .capacity = settings.capacity, .scripted = true});
}

void Orchestrator::crash(std::int64_t down_ns) {
    capabilities_.clear();
    prices_.clear();
    balances_.clear();
    live_.restart();
    link_.reset();
    crashed_until_ns_ = around_.world.mono_ns() + down_ns;
    around_.world.restart_listener(number_, down_ns);
    for (const auto& [run, job] : std::exchange(running_, {})) {
        if (!job.job->gone) job.respond(shaped(Reply::Shape::reset));
    }
}

void Orchestrator::apply(const FaultChange& change) {
    using Verb = FaultChange::Verb;
    behaviour_since_ns_ = around_.world.mono_ns();
    switch (change.verb) {
        case Verb::heal: {
            auto uptime = std::move(behaviour_.uptime);
            auto services = std::move(behaviour_.services);
            behaviour_ = Behaviour{.uptime = std::move(uptime), .services = std::move(services)};
            if (!bare_) register_scripted();
            break;
        }
        case Verb::fault:
            behaviour_.fault = change.fault;
            break;
        case Verb::uptime:
            behaviour_.uptime = change.text;
            behaviour_.services = change.services;
            break;
        case Verb::slow:
            behaviour_.slow_ns = change.number;
            break;
        case Verb::token_slow:
            behaviour_.token_slow_ns = change.number;
            break;
        case Verb::announce:
        case Verb::another:
            behaviour_.announce = change.text.value_or("");
            break;
        case Verb::price:
            behaviour_.price_wei = change.number;
            break;
        case Verb::unknown:
            behaviour_.unknown = true;
            break;
        case Verb::capability_lost:
            capabilities_.clear();
            break;
        case Verb::new_certificate:
            around_.world.renew_certificate(number_);
            break;
        case Verb::crash:
            crash(change.number);
            break;
        case Verb::hold_slots:
            capabilities_.hold(change.number);
            break;
        case Verb::cold_connection:
            behaviour_.distance = change.distance;
            link_.reset();
            break;
        case Verb::end:
            end(change.ended);
            break;
    }
}

// The rest of the behaviour stays. A capability that went with it is registered again, which also frees held slots.
void Orchestrator::end(FaultChange::Verb ended) {
    using Verb = FaultChange::Verb;
    const Behaviour healthy;
    switch (ended) {
        case Verb::uptime:
            behaviour_.uptime = healthy.uptime;
            behaviour_.services = healthy.services;
            return;
        case Verb::slow:
            behaviour_.slow_ns = healthy.slow_ns;
            return;
        case Verb::token_slow:
            behaviour_.token_slow_ns = healthy.token_slow_ns;
            return;
        case Verb::announce:
        case Verb::another:
            behaviour_.announce.clear();
            return;
        case Verb::price:
            behaviour_.price_wei.reset();
            return;
        case Verb::unknown:
            behaviour_.unknown = false;
            return;
        case Verb::cold_connection:
            behaviour_.distance.reset();
            link_.reset();
            return;
        default:
            if (ended == Verb::fault) behaviour_.fault = healthy.fault;
            if (!bare_) register_scripted();
    }
}

bool Orchestrator::strikes(FaultKind kind) {
    const auto& fault = behaviour_.fault;
    if (fault.kind != kind) return false;
    return fault.chance_percent >= 100 || around_.random.below(100) < fault.chance_percent;
}

bool Orchestrator::is_down() {
    if (around_.world.mono_ns() < crashed_until_ns_) return true;
    if (behaviour_.fault.kind == FaultKind::flap) {
        const auto& fault = behaviour_.fault;
        const auto phase_ns = (around_.world.mono_ns() - behaviour_since_ns_) % (fault.up_ns + fault.down_ns);
        return phase_ns >= fault.up_ns;
    }
    return strikes(FaultKind::down);
}

bool Orchestrator::has_reserve(std::string_view sender) const {
    const auto& account = around_.account;
    return around_.settings.every_sender_has_reserve || (sender == account.sender && account.has_reserve());
}

std::optional<FineWei> Orchestrator::price(std::string_view sender, std::string_view capability) const {
    const auto& settings = around_.settings;
    const auto found = prices_.find(capability);
    if (found == prices_.end()) return 0;
    auto asked = settings.auto_adjust_price ? adjusted(found->second) : found->second;
    if (behaviour_.price_wei) asked = *behaviour_.price_wei * fine_per_wei;
    if (asked > 0 && !has_reserve(sender)) return std::nullopt;
    return settings.era == Era::head ? floor_wei(asked) * fine_per_wei : asked;
}

FineWei Orchestrator::balance(std::string_view sender, std::string_view capability) const {
    if (balances_.empty()) return 0;
    const auto found = balances_.find(balance_key(sender, capability));
    if (found == balances_.end()) return 0;
    if (around_.world.mono_ns() - found->second.touched_ns > balance_life_ns) return 0;
    return found->second.amount;
}

void Orchestrator::add_balance(std::string_view sender, std::string_view capability, FineWei amount) {
    if (amount == 0) return;
    const auto before = balance(sender, capability);
    balances_.insert_or_assign(balance_key(sender, capability), Balance{before + amount, around_.world.mono_ns()});
}

std::int64_t Orchestrator::link_delay_ns() {
    if (!behaviour_.distance) return 0;
    const auto now_ns = around_.world.mono_ns();
    const auto round_trip_ns = behaviour_.distance->round_trip_ns;
    // A connection takes two round trips to open, and opens even if the token that it was for is given up.
    if (!link_ || now_ns - link_->idle_ns > behaviour_.distance->idle_limit_ns) {
        link_ = Link{.open_ns = now_ns + 2 * round_trip_ns};
    }
    const auto delay_ns = std::max<std::int64_t>(0, link_->open_ns - now_ns) + round_trip_ns;
    link_->idle_ns = now_ns + delay_ns;
    return delay_ns;
}

Offer Orchestrator::ask(std::string_view capability) {
    ++counters_.tokens;
    Offer offer;
    if (is_down()) return {.kind = Offer::Kind::refused};
    offer.delay_ns = behaviour_.token_slow_ns + link_delay_ns();
    if (behaviour_.distance) offer.limit_ns = behaviour_.distance->token_limit_ns;
    if (strikes(FaultKind::blackhole)) return {.kind = Offer::Kind::silent};
    offer.capacity = capabilities_.available(capability);
    // A node of the old era answers 503 where HEAD sends a token without capacity: the gateway drops both.
    if (around_.settings.era == Era::v0_8_7 && offer.capacity <= 0) offer.kind = Offer::Kind::refused;
    const auto& sender = around_.account.sender;
    const auto asked = price(sender, capability);
    if (!asked || strikes(FaultKind::token_refused)) offer.kind = Offer::Kind::refused;
    offer.price = asked.value_or(0);
    offer.balance = balance(sender, capability);
    return offer;
}

std::optional<Reply> Orchestrator::settle(const Job& job, Payment payment) {
    const auto& capability = job.request.capability;
    const bool old = around_.settings.era == Era::v0_8_7;
    const auto asked = price(job.sender, capability);
    if (!asked) {  // and the slot is lost
        return http_error(400, old ? "Could not get price err=insufficient sender reserve" : "Could not get job price");
    }
    if (*asked <= 0) return std::nullopt;
    if (payment.kind == Payment::Kind::undecodable) {
        if (!old) return shaped(Reply::Shape::closed);  // the handler dies, and the slot with it
        capabilities_.release(capability);
        return http_error(402, "Could not parse payment");
    }
    add_balance(job.sender, capability, payment.credit_wei * fine_per_wei);
    if (old && payment.kind != Payment::Kind::none) return std::nullopt;
    if (balance(job.sender, capability) >= demanded_seconds * *asked) return std::nullopt;
    capabilities_.release(capability);
    return old ? http_error(402, "Insufficient balance") : http_error(400, "Insufficient balance for request");
}

void Orchestrator::serve(const JobPtr& job, Payment payment, const Respond& respond) {
    ++counters_.jobs;
    const auto& settings = around_.settings;
    if (!capabilities_.reserve(job->request.capability)) {
        const bool old = settings.era == Era::v0_8_7;
        return respond(http_error(503, old ? "zero capacity" : "No capacity available for capability"));
    }
    if (auto refusal = settle(*job, payment)) return respond(std::move(*refusal));
    if (settings.era == Era::head) {
        if (const auto checked = check_details(job->request.request, settings.era); !checked) {
            return respond(
                http_error(400, cat("Unable to unmarshal job request details err=", checked.error().message)));
        }
    }
    call_worker(job, respond);
}

void Orchestrator::call_worker(const JobPtr& job, const Respond& respond) {
    auto& world = around_.world;
    const auto unix_ns = world.unix_ns();
    around_.log.add(unix_ns, number_, *job, wei_text(price(job->sender, job->request.capability).value_or(0), 0));
    const auto* entry = capabilities_.find(job->request.capability);
    STIPEND_ASSERT(entry != nullptr);
    auto url = worker_url(entry->url, job->path);
    const auto timeout_ns = timeout_ns_of(*job);
    const auto started_ns = world.mono_ns();
    const auto run = next_run_++;
    running_.emplace(run, Running{job, respond});
    const auto done = [this, run, started_ns](WorkerResult result) { finish(run, started_ns, std::move(result)); };
    if (!entry->scripted) {
        return world.call_worker({.url = std::move(url),
                                  .token = around_.settings.era == Era::head ? entry->token : "",
                                  .content_type = job->content_type,
                                  .body = job->body,
                                  .timeout_ns = timeout_ns},
                                 done);
    }
    const ScriptedJob scripted{.capability = job->request.capability,
                               .url = url,
                               .body = job->body,
                               .unix_ns = unix_ns,
                               .timeout_ns = timeout_ns};
    auto result = scripted_answer(behaviour_, strikes(behaviour_.fault.kind), scripted);
    const auto delay_ns = result.delay_ns;
    if (delay_ns == 0) return done(std::move(result));
    world.after(delay_ns, [done, result = std::move(result)]() mutable { done(std::move(result)); });
}

void Orchestrator::finish(std::uint64_t run, std::int64_t started_ns, WorkerResult result) {
    const auto node = running_.extract(run);
    if (!node) return;  // the orchestrator crashed meanwhile
    const auto& [job, respond] = node.mapped();
    const auto& capability = job->request.capability;
    const auto elapsed_ns = around_.world.mono_ns() - started_ns;
    // A stream is charged for each five seconds that are over, anything else for each second that began.
    const auto seconds = is_stream(result.content_type)
                             ? elapsed_ns / (stream_tick_s * ns_per_s) * stream_tick_s
                             : std::max<std::int64_t>(1, (elapsed_ns + ns_per_s - 1) / ns_per_s);
    add_balance(job->sender, capability, -seconds * price(job->sender, capability).value_or(0));
    if (job->gone) return;  // and its slot stays taken
    respond(reply_of(*job, std::move(result), elapsed_ns));
}

Reply Orchestrator::reply_of(const Job& job, WorkerResult result, std::int64_t elapsed_ns) {
    using Kind = WorkerResult::Kind;
    const auto& capability = job.request.capability;
    const auto removing = [](std::string_view why) {
        return http_error(500, cat("job not able to be processed, removing capability err=", why));
    };
    const bool old = around_.settings.era == Era::v0_8_7;
    const auto left = balance(job.sender, capability);
    const auto balance_text = wei_text(left, 0);
    const auto with_balance = [&](Reply reply) {
        reply.headers.insert(reply.headers.begin(), {"Livepeer-Balance", balance_text});
        return reply;
    };
    if (result.kind == Kind::timed_out) return with_balance(removing(result.error));  // the slot leaks
    if (result.kind == Kind::failed || (!old && result.kind == Kind::answered && result.status == 401)) {
        capabilities_.remove(capability);
        return with_balance(removing(result.kind == Kind::failed ? result.error : "worker auth token failed"));
    }
    capabilities_.release(capability);
    const bool stream = is_stream(result.content_type);
    if (!stream && (result.kind == Kind::truncated || result.status >= 400)) {
        auto reply = result.kind == Kind::truncated
                         ? http_error(500, result.error.empty() ? "unexpected EOF" : result.error)
                         : http_error(result.status, result.body);
        reply.headers.emplace_back("X-Metadata", std::move(result.metadata));
        return with_balance(std::move(reply));
    }
    Reply reply;
    reply.flood = std::move(result.flood);
    if (!stream) {
        reply.body = std::move(result.body);
    } else if (reply.flood && !reply.flood->finish) {
        reply.body = std::move(result.body);
    } else {
        reply.body = relayed_lines(result.body, left);
        reply.flood =
            blank_lines(reply.flood ? reply.flood->bytes : orchestrator_blank_bytes, timeout_ns_of(job) - elapsed_ns);
    }
    if (stream) {
        reply.headers = {{"Cache-Control", "no-cache"},
                         {"Connection", "keep-alive"},
                         {"Content-Type", "text/event-stream"},
                         {"Livepeer-Payment-Balance", balance_text},
                         {"X-Metadata", std::move(result.metadata)}};
        return reply;
    }
    reply.headers = {{"Content-Type", std::move(result.content_type)},
                     {"Livepeer-Balance", balance_text},
                     {"X-Metadata", std::move(result.metadata)}};
    return reply;
}

}  // namespace stipend::devnet
