#include "tests/devnet/gateway.hpp"

#include <algorithm>
#include <unordered_set>

#include "stipend/duration.hpp"
#include "tests/devnet/stream.hpp"
#include "tests/devnet/stream_routes.hpp"

namespace stipend::devnet {
namespace {

constexpr std::int64_t dial_timeout_ns = 2 * ns_per_s;
constexpr std::int64_t reply_grace_s = 5;
constexpr std::int64_t balance_target_s = 120;
constexpr std::int64_t max_tickets = 600;

std::int64_t bounded_timeout_s(const Job& job) {
    return std::clamp<std::int64_t>(job.request.timeout_s, 0, max_timeout_s);
}

}  // namespace

ParsedJob parse_gateway_request(Request request, Era era) {
    const auto refuse = [](Reply reply) { return ParsedJob{nullptr, {}, std::move(reply)}; };
    if (auto moved = mux_redirect(request, "/process/request/")) return refuse(std::move(*moved));
    if (auto reply = gateway_stream_reply(request, era)) return refuse(std::move(*reply));
    if (request.path.rfind("/process/request/", 0) != 0) return refuse(not_found());
    if (request.method != "POST") return refuse(http_error(405, "Method not allowed"));

    auto parsed = parse_job_request(request.livepeer, era);
    if (!parsed) return refuse(http_error(400, cat("Unable to parse job request, err=", parsed.error().message)));
    if (era == Era::head) {
        if (const auto checked = check_details(parsed->request, era); !checked) {
            return refuse(http_error(400, cat("Unable to unmarshal job request err=", checked.error().message)));
        }
    }
    auto filter = parse_parameters(parsed->parameters, era);
    if (!filter) {
        return refuse(http_error(400, cat("Unable to unmarshal job parameters err=", filter.error().message)));
    }
    auto job = std::make_shared<Job>();
    job->request = std::move(*parsed);
    job->path = std::move(request.path);
    job->content_type = std::move(request.content_type);
    job->body = std::move(request.body);
    return {std::move(job), std::move(*filter), {}};
}

Gateway::Gateway(Surroundings surroundings, std::vector<std::unique_ptr<Orchestrator>>& orchestrators)
    : around_(surroundings), orchestrators_(orchestrators) {}

void Gateway::add_to_pool(std::uint32_t number, std::string spelling) {
    STIPEND_ASSERT(number == pool_.size());
    by_address_.emplace(orchestrators_.at(number)->address(), number);
    by_entry_.emplace(spelling, number);
    pool_.push_back(std::move(spelling));
}

void Gateway::count_malformed() {
    ++counters_.requests;
    ++counters_.malformed;
}

std::vector<std::uint32_t> Gateway::selected(const Filter& filter) const {
    const std::unordered_set<std::string_view> excluded(filter.exclude.begin(), filter.exclude.end());
    std::vector<std::uint32_t> out;
    const auto take = [&](std::uint32_t number) {
        if (orchestrators_[number]->behaviour().unknown || excluded.contains(pool_[number])) return;
        out.push_back(number);
    };
    if (filter.include.empty()) {
        for (std::uint32_t number = 0; number < pool_.size(); ++number) take(number);
        return out;
    }
    for (const auto& entry : filter.include) {
        const auto found = by_entry_.find(entry);
        if (found != by_entry_.end() && std::find(out.begin(), out.end(), found->second) == out.end()) {
            take(found->second);
        }
    }
    return out;
}

std::int64_t Gateway::search(Flight& flight, const Filter& filter) {
    auto numbers = selected(filter);
    // All are asked at once; which one answers first is chance.
    for (std::size_t left = numbers.size(); left > 1; --left) {
        std::swap(numbers[left - 1], numbers[around_.random.below(left)]);
    }
    std::int64_t wait_ns = 0;
    for (const auto number : numbers) {
        const auto offer = orchestrators_[number]->ask(flight.job->request.capability);
        const bool late = offer.kind == Offer::Kind::silent || offer.delay_ns >= offer.limit_ns;
        wait_ns = std::max(wait_ns, late ? offer.limit_ns : offer.delay_ns);
        if (!late && offer.kind == Offer::Kind::token && offer.capacity > 0) {
            flight.candidates.push_back({number, offer});
        }
    }
    std::stable_sort(flight.candidates.begin(), flight.candidates.end(),
                     [](const auto& a, const auto& b) { return a.offer.delay_ns < b.offer.delay_ns; });
    return wait_ns;
}

void Gateway::submit(const JobPtr& job, const Filter& filter, const Respond& respond) {
    ++counters_.requests;
    job->sender = around_.account.sender;
    auto flight = std::make_shared<Flight>(Flight{.job = job, .respond = respond});
    const auto wait_ns = search(*flight, filter);
    auto searched = [this, flight] {
        if (flight->job->gone) return;
        if (!flight->candidates.empty()) return send_next(flight);
        ++counters_.none_found;
        const int status = around_.settings.era == Era::head ? 400 : 503;
        flight->respond(
            http_error(status, cat("No orchestrators found for capability ", flight->job->request.capability)));
    };
    if (wait_ns == 0) return searched();
    around_.world.after(wait_ns, std::move(searched));
}

Orchestrator& Gateway::behind(Orchestrator& named) {
    const auto found = by_address_.find(named.announced());
    // An unknown name is another name of the same machine.
    return found == by_address_.end() ? named : *orchestrators_[found->second];
}

Result<Payment> Gateway::pay(const Offer& offer, std::int64_t timeout_s) const {
    if (offer.price <= 0) return Payment{};
    const auto ev = std::max<std::int64_t>(1, around_.settings.ticket_ev_wei) * fine_per_wei;
    const auto cost = offer.price * timeout_s;
    const auto balance = floor_wei(offer.balance) * fine_per_wei;  // as the token states it
    const bool old = around_.settings.era == Era::v0_8_7;
    if (old ? balance > cost : balance >= offer.price * balance_target_s) return Payment{};
    const auto& account = around_.account;
    if (!account.has_reserve()) return fail(STIPEND_E_UNAVAILABLE, "no sender reserve");
    if (!account.has_deposit()) return fail(STIPEND_E_UNAVAILABLE, "no sender deposit");
    const auto tickets = old ? static_cast<FineWei>(timeout_s) : (cost + ev - 1) / ev;
    const auto sent = std::clamp<FineWei>(tickets, 0, max_tickets);
    return Payment{.kind = Payment::Kind::credit, .credit_wei = floor_wei(sent * ev)};
}

void Gateway::fail_over(const FlightPtr& flight, std::int64_t delay_ns) {
    if (delay_ns == 0) return send_next(flight);
    around_.world.after(delay_ns, [this, flight] { send_next(flight); });
}

void Gateway::send_next(const FlightPtr& flight) {
    if (flight->job->gone) return;
    if (flight->next == flight->candidates.size()) {
        ++counters_.all_failed;
        return flight->respond(Reply{});
    }
    const auto& candidate = flight->candidates[flight->next++];
    auto& named = *orchestrators_[candidate.number];
    for (const auto& [kind, shape] :
         {std::pair(FaultKind::reset, Reply::Shape::reset), std::pair(FaultKind::closed, Reply::Shape::closed)}) {
        if (!named.strikes(kind)) continue;
        ++counters_.broken;
        return flight->respond(shaped(shape));
    }
    auto& served = behind(named);
    const bool elsewhere = &served != &named;
    if (served.strikes(FaultKind::empty200) || (elsewhere && served.strikes(FaultKind::down)))
        return fail_over(flight, 0);
    if (elsewhere && served.strikes(FaultKind::blackhole)) return fail_over(flight, dial_timeout_ns);
    const auto timeout_s = bounded_timeout_s(*flight->job);
    // The whole time that the gateway has for the orchestrator's answer is over.
    if (flight->job->request.timeout_s <= -reply_grace_s) return fail_over(flight, 0);
    flight->sent_ns = around_.world.mono_ns();
    if (served.strikes(FaultKind::hang)) return fail_over(flight, (timeout_s + reply_grace_s) * ns_per_s);
    const auto payment = pay(candidate.offer, timeout_s);
    if (!payment) {
        if (around_.settings.era == Era::head) return fail_over(flight, 0);
        ++counters_.refused;
        return flight->respond(http_error(400, cat("Unable to create payment err=", payment.error().message)));
    }
    served.serve(flight->job, *payment,
                 [this, flight, &named, &served](Reply reply) { received(flight, named, served, std::move(reply)); });
}

void Gateway::received(const FlightPtr& flight, Orchestrator& named, Orchestrator& served, Reply reply) {
    if (flight->job->gone) return;
    if (reply.shape != Reply::Shape::whole || reply.status >= 500) return send_next(flight);
    if (reply.status >= 400) {
        ++counters_.refused;
        return flight->respond(http_error(reply.status, reply.body));
    }
    auto out = success(named, std::move(reply));
    if (out.streams()) pass_stream(*flight, served, out);
    if (served.strikes(FaultKind::stall)) out = shaped(Reply::Shape::silent);
    if (served.strikes(FaultKind::truncated)) {
        out.status = 500;
        out.flood.reset();
        out.body = "unexpected EOF\n";
        out.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
        out.headers.emplace_back("X-Content-Type-Options", "nosniff");
    }
    if (named.strikes(FaultKind::cut)) out.shape = Reply::Shape::cut;
    if (named.strikes(FaultKind::header_flood)) {
        out.flood = Flood{.unit = "X-Flood: " + std::string(1000, 'x') + "\r\n",
                          .bytes = named.behaviour().fault.bytes,
                          .in_headers = true};
    }
    ++(out.shape == Reply::Shape::whole && out.status == 200 ? counters_.answered : counters_.broken);
    flight->respond(std::move(out));
}

// Ends behind the line that says [DONE]; without one, empty lines follow until the job's time and the grace are over.
void Gateway::pass_stream(const Flight& flight, const Orchestrator& served, Reply& out) const {
    if (out.flood && !out.flood->finish) return;
    const auto end = end_of_done(out.body);
    if (end != std::string::npos) {
        out.body.resize(end);
        out.flood.reset();
        return;
    }
    const auto limit_ns = (bounded_timeout_s(*flight.job) + gateway_grace_s) * ns_per_s;
    const auto spent_ns = around_.world.mono_ns() - flight.sent_ns;
    const auto& fault = served.behaviour().fault;
    const bool counted = fault.kind == FaultKind::unfinished_stream && fault.bytes != 0;
    const auto bytes = counted ? fault.bytes : gateway_blank_bytes;
    out.flood = blank_lines(bytes, limit_ns - spent_ns);
}

// The client sees three headers of the orchestrator's reply and its body; the type is sniffed anew.
Reply Gateway::success(const Orchestrator& named, Reply reply) const {
    Reply out;
    const std::string balance(reply.header("Livepeer-Balance"));
    const std::string metadata(reply.header("X-Metadata"));
    if (reply.streams()) {
        out.headers = {
            {"Cache-Control", "no-cache"}, {"Connection", "keep-alive"}, {"Content-Type", "text/event-stream"}};
    }
    out.headers.emplace_back("Livepeer-Balance", balance);
    out.headers.emplace_back("X-Metadata", metadata);
    out.headers.emplace_back("X-Orchestrator-Url", named.announced());
    out.body = std::move(reply.body);
    out.flood = std::move(reply.flood);
    return out;
}

}  // namespace stipend::devnet
