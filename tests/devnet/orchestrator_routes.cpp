// The orchestrator's public routes: register, unregister, token, job.
#include "stipend/duration.hpp"
#include "stipend/json.hpp"
#include "tests/devnet/gojson.hpp"
#include "tests/devnet/orchestrator.hpp"
#include "tests/devnet/stream_routes.hpp"
#include "tests/devnet/token.hpp"

namespace stipend::devnet {
namespace {

// INVALID unless the address was signed by its own key, in the spelling in which it came.
Result<Sender> parse_sender(std::string_view header) {
    STIPEND_LET(text, decode_base64(header));
    STIPEND_LET(json, parse_go_json(text));
    Sender out;
    if (json.kind != GoValue::Kind::object) return go_value_mismatch(json, "byoc.JobSender");
    GoFields fields(json, "JobSender");
    fields.string("addr", out.addr);
    fields.string("sig", out.sig);
    STIPEND_TRY(fields.finish());
    if (recover_signer(out.addr, out.sig) != plain_address(out.addr)) {
        return fail(STIPEND_E_INVALID, "not the address's signature");
    }
    return out;
}

Reply method_not_allowed() {
    return http_error(405, "Method not allowed");
}

}  // namespace

std::uint64_t Orchestrator::handle(const Request& request, const Respond& respond) {
    if (is_down()) return respond(shaped(Reply::Shape::closed)), 0;
    if (LiveRunners::owns(request.path)) return live_.handle(request, respond);
    route(request, respond);
    return 0;
}

void Orchestrator::route(const Request& request, const Respond& respond) {
    if (auto moved = mux_redirect(request, "/process/request/")) return respond(std::move(*moved));
    if (auto reply = orchestrator_stream_reply(request, around_.settings.era)) return respond(std::move(*reply));
    if (request.path == "/healthz") return respond(Reply{});
    if (request.path == "/process/token") return token_route(request, respond);
    if (request.path.rfind("/process/request/", 0) == 0) return job_route(request, respond);
    if (request.path == "/capability/register") return respond(register_capability(request));
    if (request.path == "/capability/unregister") return respond(unregister_capability(request));
    respond(not_found());
}

Reply Orchestrator::register_capability(const Request& request) {
    if (request.method != "POST") return method_not_allowed();
    if (request.authorization != around_.settings.secret) return http_error(400, "invalid authorization");
    auto registration = parse_registration(request.body, around_.settings.usd_per_eth);
    if (registration.outcome == Registration::Outcome::panic) return shaped(Reply::Shape::closed);
    if (registration.outcome == Registration::Outcome::accepted && !enter(registration.capability)) {
        registration.outcome = Registration::Outcome::refused;
        registration.error = cat("this devnet holds at most ", CapabilityTable::max_entries, " capabilities");
    }
    if (registration.outcome == Registration::Outcome::refused) {
        return typed_reply(400, "application/json", cat("Error registering capability: ", registration.error));
    }
    ++counters_.registrations;
    auto& times = counters_.registered_unix_ns;
    if (times.size() >= Counters::max_registrations) times.erase(times.begin());
    times.push_back(around_.world.unix_ns());
    return typed_reply(200, "application/json", "ok");
}

Reply Orchestrator::unregister_capability(const Request& request) {
    if (request.method != "POST") return method_not_allowed();
    if (request.authorization != around_.settings.secret) return http_error(400, "invalid authorization");
    capabilities_.remove(request.body);
    return typed_reply(200, "application/json", "ok");
}

void Orchestrator::token_route(const Request& request, const Respond& respond) {
    if (strikes(FaultKind::blackhole)) return respond(shaped(Reply::Shape::silent));
    if (request.method != "GET") return respond(method_not_allowed());
    if (request.eth_address.empty()) {
        return respond(
            http_error(400, "Must have eth address and signature on address in Livepeer-Eth-Address header"));
    }
    const auto sender = parse_sender(request.eth_address);
    if (!sender) return respond(http_error(400, "Invalid eth address header "));
    if (request.capability.empty()) {
        return respond(http_error(400,
                                  "Job capabilities not provided, must provide comma separated capabilities in "
                                  "Livepeer-Capability header"));
    }
    ++counters_.tokens;
    auto reply = token_reply(*sender, request.capability);
    if (behaviour_.token_slow_ns == 0) return respond(std::move(reply));
    around_.world.after(behaviour_.token_slow_ns, [respond, reply = std::move(reply)] { respond(reply); });
}

Reply Orchestrator::token_reply(const Sender& sender, const std::string& capability) {
    constexpr std::string_view reason = "insufficient sender reserve";
    const bool old = around_.settings.era == Era::v0_8_7;
    const auto capacity = capabilities_.available(capability);
    if (old && capacity <= 0) return typed_reply(503, "application/json", "{}\n");
    const auto account = plain_address(sender.addr);
    const auto asked = price(account, capability);
    const bool struck = strikes(FaultKind::token_refused);
    if (struck && behaviour_.fault.status == 400) {
        return http_error(400, cat("Could not get ticket params err=", reason));
    }
    if (!asked || struck) return http_error(503, cat("Could not get price err=", reason));
    return typed_reply(200, "application/json",
                       token_text({.addr = sender.addr,
                                   .sig = sender.sig,
                                   .orchestrator = number_,
                                   .price = *asked,
                                   .balance = balance(account, capability),
                                   .service_address = announced(),
                                   .capacity = capacity},
                                  around_.settings));
}

void Orchestrator::job_route(const Request& request, const Respond& respond) {
    if (request.method != "POST") return respond(method_not_allowed());
    const auto era = around_.settings.era;
    auto parsed = parse_job_request(request.livepeer, era);
    if (!parsed) {
        const auto& why = parsed.error().message;
        if (why == no_timeout_text) return respond(http_error(400, why));
        if (era == Era::head) return respond(http_error(400, "Could not verify job creds"));
        return respond(http_error(403, why));
    }
    const auto sender = plain_address(parsed->sender);
    if (recover_signer(parsed->request + parsed->parameters, parsed->sig) != sender) {
        return respond(era == Era::head ? http_error(400, "Could not verify job creds") : http_error(403, "ErrSegSig"));
    }
    auto job = std::make_shared<Job>();
    job->request = std::move(*parsed);
    job->path = request.path;
    job->content_type = request.content_type;
    job->body = request.body;
    job->sender = sender;
    Payment payment;
    if (!request.payment.empty()) {
        // A ticket of an unknown sender is worth nothing here: a payment that decodes credits nothing.
        payment.kind = decode_base64(request.payment) ? Payment::Kind::credit : Payment::Kind::undecodable;
    }
    serve(job, payment, respond);
}

}  // namespace stipend::devnet
