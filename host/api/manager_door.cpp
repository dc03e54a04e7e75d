#include "host/api/manager_door.hpp"

#include <future>

#include "host/api/adjust.hpp"
#include "host/api/archive.hpp"
#include "host/api/status.hpp"

namespace stipend::api {
namespace {

Result<Json> adjust(engine::Runtime& runtime, const Json& body) {
    STIPEND_LET(request, parse_adjustment(body));
    std::promise<Result<AdjustTerms>> promise;
    auto answer = promise.get_future();
    runtime.post([&runtime, &request, promise = std::move(promise)]() mutable {
        const auto& engine = runtime.engine();
        const auto payee = engine.payees().find(request.orchestrator);
        const auto rate = engine.rate(runtime.now());
        if (!payee) return promise.set_value(fail(STIPEND_E_INVALID, "no such orchestrator: ", request.orchestrator));
        const auto& generation = *engine.generations().back();
        promise.set_value(AdjustTerms{engine.payees()[*payee].id, generation.interval_ns,
                                      generation.terms_of(*payee).base.count_e8(), rate});
    });
    Result<AdjustTerms> terms = fail(STIPEND_E_STATE, "the host is stopping");
    try {
        terms = answer.get();
    } catch (const std::future_error&) {
        return terms.error();
    }
    if (!terms) return terms.error();
    const auto now = runtime.now();
    return runtime.writer().ask(
        [&](ledger::Ledger& ledger) { return record_adjustment(ledger, request, *terms, now); });
}

// By a connection of its own, while the host goes on; only the switch, and the deletion in parts, are the ledger's
// thread's.
Result<Json> archive(engine::Runtime& runtime, const ControlServer& server, const Json& body) {
    STIPEND_LET(request, parse_archive_request(body));
    const auto& place = runtime.options().workshop;
    STIPEND_LET(reader, ledger::open(std::filesystem::path(place.state_folder) / "ledger.db",
                                     {.access = ledger::Access::read_only, .ns = place.ns}));
    STIPEND_LET(prepared,
                reader->prepare_archive(request.before, request.file, [&server] { return server.stopping(); }));
    reader.reset();
    STIPEND_LET(report, runtime.writer().ask([&](ledger::Ledger& ledger) { return ledger.take_archive(prepared); }));
    for (bool more = true; more && !server.stopping();) {
        STIPEND_LET(left, runtime.writer().ask([](ledger::Ledger& ledger) { return ledger.purge_archived(); }));
        more = left;
    }
    return archive_json(report);
}

}  // namespace

Result<void> add_manager_routes(ControlServer& server, engine::Runtime& runtime, Reload reload) {
    STIPEND_TRY(server.route("GET", "/status", [&runtime](const Json&) { return status(runtime); }));
    STIPEND_TRY(server.route("POST", "/reload", [reload = std::move(reload)](const Json& body) -> Result<Json> {
        return report_json(reload(reload_request(body)));
    }));
    STIPEND_TRY(server.route("POST", "/adjust", [&runtime](const Json& body) { return adjust(runtime, body); }));
    return server.slow_route("POST", "/archive",
                             [&runtime, &server](const Json& body) { return archive(runtime, server, body); });
}

}  // namespace stipend::api
