#include "host/engine/objection_desk.hpp"

#include "host/ledger/decision_json.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

constexpr std::int64_t desk_patience_ns = 5 * ns_per_s;

std::string alert_id(const std::string& key) {
    return "objection:" + key;
}

void raise_objection(Engine& engine, const std::string& key, stipend_unix_ns now) {
    engine.raise({.id = alert_id(key),
                  .severity = STIPEND_ALERT_WARNING,
                  .text = cat(key, " objects to what was decided, and waits for an answer: `stipend objections list`"),
                  .at = now});
}

}  // namespace

AdjustTerms terms_of(const Engine& engine, registry::PayeeIndex payee, stipend_unix_ns now) {
    const auto& generation = *engine.generations().back();
    const auto* network = engine.network_of(payee);
    const bool there = network != nullptr && engine.is_on_network(payee);
    return {.orchestrator = engine.payees()[payee].id,
            .interval_ns = generation.interval_ns,
            .base = generation.terms_of(payee).base,
            .usd_per_eth_e8 = there ? network->price.rate(now) : std::nullopt,
            .decimals = there ? network->terms.row.decimals : ledger::coin_decimals};
}

Result<std::optional<ledger::OrchestratorId>> ObjectionDesk::id_of(std::string_view orchestrator) {
    return host_.loop().ask_within(desk_patience_ns, [&engine = engine_, key = std::string(orchestrator)] {
        const auto at = engine.payees().find(std::string_view(key));
        return at ? std::optional(engine.payees().id(*at)) : std::nullopt;
    });
}

void ObjectionDesk::follow(ledger::OrchestratorId id, std::optional<ledger::OpenObjections> open) {
    host_.loop().post([this, id, open] {
        if (const auto payee = engine_.payees().find(id)) {
            const auto& key = engine_.payees().key(*payee);
            if (open) {
                raise_objection(engine_, key, host_.now());
            } else {
                engine_.resolve(alert_id(key), host_.now());
            }
        }
        changed_();
    });
}

void ObjectionDesk::raise_open(Engine& engine, const std::vector<ledger::OpenObjections>& open, stipend_unix_ns now) {
    for (const auto& one : open) {
        if (const auto payee = engine.payees().find(one.orchestrator)) {
            raise_objection(engine, engine.payees().key(*payee), now);
        }
    }
}

Result<std::optional<api::ListPart>> ObjectionDesk::list(const Query& query) {
    ledger::ObjectionFilter filter{.limit = query.limit};
    if (!query.orchestrator.empty()) {
        STIPEND_LET(id, id_of(query.orchestrator));
        if (!id) return std::optional<api::ListPart>();
        filter.orchestrator = id;
    }
    // A cursor is twice the place, and one more among those that are answered.
    if (query.at) {
        filter.open = *query.at % 2 == 0;
        filter.at = *query.at / 2;
    }
    api::ListPart out;
    STIPEND_LET(next, ledger_.read([&](ledger::Ledger& ledger) {
        out.items.clear();
        return ledger.objections(filter, [&](const ledger::ObjectionLine& line) -> Result<void> {
            out.items.push_back(ledger::objection_json(line));
            return {};
        });
    }));
    if (next) out.next = next->at * 2 + (next->open ? 0 : 1);
    return std::optional(std::move(out));
}

Result<std::optional<Json>> ObjectionDesk::one(std::string_view orchestrator, std::uint64_t epoch) {
    STIPEND_LET(id, id_of(orchestrator));
    if (!id) return std::optional<Json>();
    STIPEND_LET(line, ledger_.read([&](ledger::Ledger& ledger) { return ledger.objection(*id, epoch); }));
    return line ? std::optional(ledger::objection_json(*line)) : std::nullopt;
}

Result<std::optional<Json>> ObjectionDesk::object(const Json& order) {
    STIPEND_LET(request, parse_objection(order));
    struct Of {
        ledger::OrchestratorId id = 0;
        std::uint64_t last = 0;
    };
    STIPEND_LET(of, host_.loop().ask_within(desk_patience_ns, [&engine = engine_, key = request.orchestrator] {
        const auto at = engine.payees().find(std::string_view(key));
        return at ? Of{engine.payees().id(*at), engine.state_of(*at).epoch} : Of();
    }));
    if (of.id == 0 || request.epoch > of.last) return std::optional<Json>();
    const auto now = host_.now();
    STIPEND_LET(done, host_.writer().ask(
                          [&](ledger::Ledger& ledger) { return record_objection(ledger, request, of.id, now); }));
    host_.log().info(cat(request.orchestrator, "   objects to epoch ", request.epoch));
    follow(of.id, done.open);
    return std::optional(std::move(done.shown));
}

Result<std::optional<Json>> ObjectionDesk::answer(const Json& order) {
    STIPEND_LET(request, parse_objection_answer(order));
    STIPEND_LET(
        terms, host_.loop().ask_within(
                   desk_patience_ns, [this, &host = host_, key = request.orchestrator]() -> std::optional<AdjustTerms> {
                       const auto payee = engine_.payees().find(std::string_view(key));
                       if (!payee || engine_.generations().empty()) return std::nullopt;
                       return terms_of(engine_, *payee, host.now());
                   }));
    if (!terms) return std::optional<Json>();
    const auto now = host_.now();
    STIPEND_LET(done, host_.writer().ask([&](ledger::Ledger& ledger) {
        return record_objection_answer(ledger, request, *terms, now);
    }));
    if (!done) return std::optional<Json>();
    host_.log().info(cat(request.orchestrator, "   the objection to epoch ", request.epoch, " is answered",
                         request.usd ? cat(", with ", request.usd->text(), " USD") : std::string(), ", by ",
                         request.by));
    follow(terms->orchestrator, done->open);
    return std::optional(std::move(done->shown));
}

Json ObjectionDesk::form() const {
    return ledger::objection_json({});
}

}  // namespace stipend::engine
