#include "tests/devnet/orchestrator.hpp"

#include <algorithm>
#include <limits>

#include "stipend/duration.hpp"
#include "stipend/json.hpp"

namespace stipend::devnet {
namespace {

constexpr std::int64_t balance_life_ns = 600 * ns_per_s;
constexpr std::int64_t demanded_seconds = 60;
constexpr std::string_view job_prefix = "/process/request/";
constexpr std::int64_t max_timeout_s = 86400;  // keeps the nanoseconds of a hostile timeout in range

std::int64_t clamped(__int128 value) {
    const __int128 high = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::clamp(value, -high, high));
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
    : around_(surroundings), number_(number), address_(std::move(address)), bare_(bare) {
    if (!bare_) register_scripted();
}

void Orchestrator::register_scripted() {
    const auto& settings = around_.settings;
    capabilities_.add(
        {.name = settings.capability, .url = "http://127.0.0.1:9876", .capacity = settings.capacity, .scripted = true});
}

void Orchestrator::apply(const FaultChange& change) {
    using Verb = FaultChange::Verb;
    behaviour_since_ns_ = around_.world.mono_ns();
    switch (change.verb) {
        case Verb::heal: {
            auto uptime = std::move(behaviour_.uptime);
            behaviour_ = Behaviour{.uptime = std::move(uptime)};
            if (!bare_) register_scripted();
            break;
        }
        case Verb::fault:
            behaviour_.fault = change.fault;
            break;
        case Verb::uptime:
            behaviour_.uptime = change.text;
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
    }
}

bool Orchestrator::strikes(FaultKind kind) {
    const auto& fault = behaviour_.fault;
    if (fault.kind != kind) return false;
    return fault.chance_percent >= 100 || around_.random.below(100) < fault.chance_percent;
}

bool Orchestrator::is_down() {
    if (behaviour_.fault.kind == FaultKind::flap) {
        const auto& fault = behaviour_.fault;
        const auto phase_ns = (around_.world.mono_ns() - behaviour_since_ns_) % (fault.up_ns + fault.down_ns);
        return phase_ns >= fault.up_ns;
    }
    return strikes(FaultKind::down);
}

std::int64_t Orchestrator::price(std::string_view capability) const {
    const auto* entry = capabilities_.find(capability);
    if (entry == nullptr) return 0;
    return behaviour_.price_wei.value_or(entry->price_wei);
}

std::int64_t Orchestrator::balance(std::string_view capability) const {
    const auto found = balances_.find(capability);
    if (found == balances_.end()) return 0;
    if (around_.world.mono_ns() - found->second.touched_ns > balance_life_ns) return 0;
    return clamped(found->second.wei);
}

void Orchestrator::add_balance(std::string_view capability, __int128 wei) {
    if (wei == 0) return;
    const auto before = balance(capability);
    balances_.insert_or_assign(std::string(capability), Balance{before + wei, around_.world.mono_ns()});
}

Offer Orchestrator::ask(std::string_view capability) {
    ++counters_.tokens;
    Offer offer;
    offer.delay_ns = behaviour_.token_slow_ns;
    if (is_down()) return {.kind = Offer::Kind::refused};
    if (strikes(FaultKind::blackhole)) return {.kind = Offer::Kind::silent};
    offer.capacity = capabilities_.available(capability);
    // A node of the old era answers 503 where HEAD sends a token without capacity: the gateway drops both.
    if (around_.settings.era == Era::v0_8_7 && offer.capacity <= 0) offer.kind = Offer::Kind::refused;
    offer.price_wei = price(capability);
    offer.balance_wei = balance(capability);
    return offer;
}

std::optional<Reply> Orchestrator::settle(const Job& job, Payment payment) {
    const auto& capability = job.request.capability;
    const auto wei_per_second = price(capability);
    if (wei_per_second <= 0) return std::nullopt;
    const bool old = around_.settings.era == Era::v0_8_7;
    if (payment.kind == Payment::Kind::undecodable) {
        if (!old) return shaped(Reply::Shape::closed);  // the handler dies, and the slot with it
        capabilities_.release(capability);
        return http_error(402, "Could not parse payment");
    }
    add_balance(capability, payment.credit_wei);
    if (old && payment.kind != Payment::Kind::none) return std::nullopt;
    if (balance(capability) >= static_cast<__int128>(demanded_seconds) * wei_per_second) return std::nullopt;
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
    around_.log.add(unix_ns, number_, *job);
    const auto* entry = capabilities_.find(job->request.capability);
    STIPEND_ASSERT(entry != nullptr);
    auto url = worker_url(entry->url, job->path);
    const auto timeout_ns = timeout_ns_of(*job);
    const auto started_ns = world.mono_ns();
    ++counters_.in_flight;
    const auto done = [this, job, started_ns, respond](WorkerResult result) {
        finish(job, started_ns, std::move(result), respond);
    };
    if (!entry->scripted) {
        return world.call_worker({.url = std::move(url),
                                  .token = entry->token,
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

void Orchestrator::finish(const JobPtr& job, std::int64_t started_ns, WorkerResult result, const Respond& respond) {
    --counters_.in_flight;
    const auto& capability = job->request.capability;
    const auto elapsed_ns = around_.world.mono_ns() - started_ns;
    const auto seconds = std::max<std::int64_t>(1, (elapsed_ns + ns_per_s - 1) / ns_per_s);
    if (!result.flood) add_balance(capability, -static_cast<__int128>(seconds) * price(capability));
    if (job->gone) return;  // and its slot stays taken
    respond(reply_of(*job, std::move(result)));
}

Reply Orchestrator::reply_of(const Job& job, WorkerResult result) {
    using Kind = WorkerResult::Kind;
    const auto& capability = job.request.capability;
    const auto removing = [](std::string_view why) {
        return http_error(500, cat("job not able to be processed, removing capability err=", why));
    };
    // The balance comes before the removal, which takes the price away.
    const auto balance_text = std::to_string(balance(capability));
    const auto with_balance = [&](Reply reply) {
        reply.headers.insert(reply.headers.begin(), {"Livepeer-Balance", balance_text});
        return reply;
    };
    if (result.kind == Kind::timed_out) return with_balance(removing(result.error));  // the slot leaks
    if (result.kind == Kind::failed || (result.kind == Kind::answered && result.status == 401)) {
        capabilities_.remove(capability);
        return with_balance(removing(result.kind == Kind::failed ? result.error : "worker auth token failed"));
    }
    capabilities_.release(capability);
    if (result.kind == Kind::truncated) return with_balance(http_error(500, "unexpected EOF"));
    const bool stream = result.content_type.find("text/event-stream") != std::string::npos;
    if (!stream && result.status >= 400) return with_balance(http_error(result.status, result.body));
    Reply reply;
    reply.body = std::move(result.body);
    reply.flood = std::move(result.flood);
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
