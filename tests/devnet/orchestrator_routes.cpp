// The orchestrator's public routes: register, unregister, token, job.
#include "stipend/duration.hpp"
#include "stipend/json.hpp"
#include "tests/devnet/gojson.hpp"
#include "tests/devnet/orchestrator.hpp"

namespace stipend::devnet {
namespace {

struct Sender {
    std::string addr = {};
    std::string sig = {};
};

// The node without a chain: what hex-decodes is a signature.
Result<Sender> parse_sender(std::string_view header) {
    STIPEND_LET(text, decode_base64(header));
    STIPEND_LET(json, parse_go_json(text));
    Sender out;
    if (json.kind != GoValue::Kind::object) return go_value_mismatch(json, "byoc.JobSender");
    GoFields fields(json, "JobSender");
    fields.string("addr", out.addr);
    fields.string("sig", out.sig);
    STIPEND_TRY(fields.finish());
    if (!hex_signature(out.sig)) return fail(STIPEND_E_INVALID, "not hex");
    return out;
}

Reply method_not_allowed() {
    return http_error(405, "Method not allowed");
}

}  // namespace

void Orchestrator::handle(const Request& request, const Respond& respond) {
    if (is_down()) return respond(shaped(Reply::Shape::closed));
    if (request.path == "/process/token") return token_route(request, respond);
    if (request.path.rfind("/process/request/", 0) == 0) return job_route(request, respond);
    if (request.path == "/capability/register") return respond(register_capability(request));
    if (request.path == "/capability/unregister") return respond(unregister_capability(request));
    if (request.path == "/process/request") return respond(moved_to_directory(request));
    respond(not_found());
}

Reply Orchestrator::register_capability(const Request& request) {
    if (request.method != "POST") return method_not_allowed();
    if (request.authorization != around_.settings.secret) return http_error(400, "invalid authorization");
    auto registration = parse_registration(request.body);
    if (registration.outcome == Registration::Outcome::panic) return shaped(Reply::Shape::closed);
    if (registration.outcome == Registration::Outcome::accepted && !capabilities_.add(registration.capability)) {
        registration.outcome = Registration::Outcome::refused;
        registration.error = cat("this devnet holds at most ", CapabilityTable::max_entries, " capabilities");
    }
    if (registration.outcome == Registration::Outcome::refused) {
        return typed_reply(400, "application/json", cat("Error registering capability: ", registration.error));
    }
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
    const auto capacity = capabilities_.available(request.capability);
    const auto balance_wei = balance(request.capability);
    const auto price_wei = price(request.capability);
    const bool old = around_.settings.era == Era::v0_8_7;
    std::string body =
        cat(R"({"sender_address":{"addr":)", json_string(sender->addr), R"(,"sig":)", json_string(sender->sig), "}");
    if (balance_wei != 0) body += cat(R"(,"balance":)", balance_wei);
    body += price_wei != 0 ? cat(R"(,"price":{"pricePerUnit":)", price_wei, R"(,"pixelsPerUnit":1})")
                           : R"(,"price":{"pixelsPerUnit":1})";
    body += cat(R"(,"service_addr":)", json_string(announced()));
    if (!old && capacity != 0) body += cat(R"(,"available_capacity":)", capacity);
    body += old ? "}\n" : ",\"LastNonce\":0}\n";
    auto reply = typed_reply(old && capacity <= 0 ? 503 : 200, "application/json", std::move(body));
    if (behaviour_.token_slow_ns == 0) return respond(std::move(reply));
    around_.world.after(behaviour_.token_slow_ns, [respond, reply = std::move(reply)] { respond(reply); });
}

void Orchestrator::job_route(const Request& request, const Respond& respond) {
    if (request.method != "POST") return respond(method_not_allowed());
    const auto era = around_.settings.era;
    auto parsed = parse_job_request(request.livepeer, era);
    if (!parsed) {
        const auto& why = parsed.error().message;
        if (why == no_timeout_text) return respond(http_error(400, why));
        if (era == Era::head) return respond(http_error(400, "Could not verify job creds"));
        return respond(http_error(403, why == encoding_text ? encoding_text : "ErrSegSig"));
    }
    if (!hex_signature(parsed->sig)) {
        return respond(era == Era::head ? http_error(400, "Could not verify job creds") : http_error(403, "ErrSegSig"));
    }
    auto job = std::make_shared<Job>();
    job->request = std::move(*parsed);
    job->path = request.path;
    job->content_type = request.content_type;
    job->body = request.body;
    Payment payment;
    if (!request.payment.empty()) {
        // A ticket of an unknown sender is worth nothing here: a payment that decodes credits nothing.
        payment.kind = decode_base64(request.payment) ? Payment::Kind::credit : Payment::Kind::undecodable;
    }
    serve(job, payment, respond);
}

}  // namespace stipend::devnet
