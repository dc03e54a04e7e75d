#include "host/engine/objection.hpp"

#include "host/base/time.hpp"
#include "host/engine/order_members.hpp"
#include "host/ledger/decision_json.hpp"
#include "stipend/duration.hpp"

namespace stipend::engine {
namespace {

// What is recorded, with what of its orchestrator is open.
Result<Objected> as_recorded(ledger::Ledger& ledger, const ledger::ObjectionLine& line) {
    STIPEND_LET(counts, ledger.objection_counts(line.objection.orchestrator, 0));
    return Objected{ledger::objection_json(line), counts.open_of};
}

Result<Objected> read_back(ledger::Ledger& ledger, ledger::OrchestratorId id, std::uint64_t epoch) {
    STIPEND_LET(line, ledger.objection(id, epoch));
    if (!line) return fail(STIPEND_E_INTERNAL, "an objection that was written is not there");
    return as_recorded(ledger, *line);
}

// Begin and end of the decision.
Result<std::pair<stipend_unix_ns, stipend_unix_ns>> time_of(ledger::Ledger& ledger, const std::string& key,
                                                            ledger::OrchestratorId id, std::uint64_t epoch) {
    STIPEND_LET(place, ledger.place_of(key, epoch));
    std::optional<std::pair<stipend_unix_ns, stipend_unix_ns>> out;
    if (place) {
        STIPEND_TRY(ledger.export_decisions({.orchestrator = id, .after = place->decision - 1, .limit = 1},
                                            [&](const ledger::DecisionLine& line) -> Result<void> {
                                                if (line.seq == place->decision)
                                                    out.emplace(line.decision.period_from, line.decision.decided_at);
                                                return {};
                                            }));
    }
    if (out) return *out;
    return fail(
        STIPEND_E_INVALID, "the decision of epoch ", epoch, " about ", key,
        " is in an archive that is not found, so that it is not known which time is paid: put the archive where "
        "the ledger looks for it, or use `stipend adjust`, and answer without an amount");
}

// Whether the answer that is recorded is the one that is asked for.
bool is_same(const ledger::ObjectionLine& line, const ObjectionAnswerRequest& request) {
    const bool paid = !line.answer->adjustment.empty();
    return line.answer->reason == request.reason && line.answer->by == request.by && paid == request.usd.has_value() &&
           (!paid || line.usd == *request.usd);
}

}  // namespace

Result<ObjectionRequest> parse_objection(const Json& json) {
    ObjectionRequest out;
    STIPEND_SET(out.orchestrator, text_member(json, "orchestrator", ledger::max_key_bytes));
    STIPEND_LET(epoch, number_member(json, "epoch", "decision"));
    out.epoch = static_cast<std::uint64_t>(epoch);
    STIPEND_SET(out.text, text_member(json, "text", ledger::max_objection_bytes));
    STIPEND_SET(out.by, text_member(json, "by", ledger::max_key_bytes));
    return out;
}

Result<ObjectionAnswerRequest> parse_objection_answer(const Json& json) {
    ObjectionAnswerRequest out;
    STIPEND_SET(out.orchestrator, text_member(json, "orchestrator", ledger::max_key_bytes));
    STIPEND_LET(epoch, number_member(json, "epoch", "decision"));
    out.epoch = static_cast<std::uint64_t>(epoch);
    STIPEND_SET(out.reason, text_member(json, "reason", ledger::max_objection_bytes));
    STIPEND_SET(out.by, text_member(json, "by", ledger::max_key_bytes));
    const auto* usd = json.find("usd");
    if (usd == nullptr || usd->is(Json::Kind::null)) return out;
    const auto amount = Usd::parse(usd->text());
    if (!amount) return fail(STIPEND_E_INVALID, "\"amount_usd\": ", amount.error().message);
    if (amount->zero() || amount->negative()) {
        return fail(STIPEND_E_INVALID, "\"amount_usd\": got ", clip(usd->text(), 64),
                    ", want more than 0, or none to answer by the reason alone");
    }
    out.usd = *amount;
    return out;
}

Result<Objected> record_objection(ledger::Ledger& ledger, const ObjectionRequest& request, ledger::OrchestratorId id,
                                  stipend_unix_ns now) {
    STIPEND_LET(before, ledger.objection(id, request.epoch));
    if (before && before->objection.text == request.text) return as_recorded(ledger, *before);
    if (before) {
        return fail(STIPEND_E_CONFLICT, "epoch ", request.epoch, " has an objection already, of ",
                    utc_text(before->objection.at), ": there is one for each payment");
    }
    STIPEND_LET(counts, ledger.objection_counts(id, now - now % ns_per_day));
    if (counts.of_since >= max_objections_of_one_a_day) {
        return fail(STIPEND_E_LIMIT, "got ", counts.of_since, " objections today, which is the most: go on tomorrow");
    }
    if (counts.open >= max_open_objections) {
        return fail(STIPEND_E_LIMIT, "got ", counts.open, " objections that wait for an answer, which is the most");
    }
    ledger::Batch batch;
    batch.objections.push_back(
        {.orchestrator = id, .epoch = request.epoch, .text = request.text, .by = request.by, .at = now});
    STIPEND_TRY(ledger.commit(batch));
    return read_back(ledger, id, request.epoch);
}

Result<std::optional<Objected>> record_objection_answer(ledger::Ledger& ledger, const ObjectionAnswerRequest& request,
                                                        const AdjustTerms& terms, stipend_unix_ns now) {
    const auto id = terms.orchestrator;
    STIPEND_LET(line, ledger.objection(id, request.epoch));
    if (!line) return std::optional<Objected>();
    if (line->answer) {
        if (!is_same(*line, request)) {
            return fail(STIPEND_E_CONFLICT, "answered already, at ", utc_text(line->answer->at),
                        ": an answer never changes; `stipend adjust` corrects what it paid");
        }
        STIPEND_LET(known, as_recorded(ledger, *line));
        return std::optional(std::move(known));
    }
    ledger::Batch batch;
    ledger::ObjectionAnswer answer{.orchestrator = id,
                                   .epoch = request.epoch,
                                   .adjustment = {},
                                   .reason = request.reason,
                                   .by = request.by,
                                   .at = now};
    if (request.usd) {
        STIPEND_LET(time, time_of(ledger, request.orchestrator, id, request.epoch));
        AdjustRequest order;
        order.orchestrator = request.orchestrator;
        order.from = time.first;
        order.to = time.second;
        order.reason = cat("answers the objection to epoch ", request.epoch);
        order.by = request.by;
        order.usd = request.usd;
        STIPEND_LET(row, make_adjustment(order, terms, {}, now));
        row.key = cat("objection:", id, ":", request.epoch);
        answer.adjustment = row.key;
        batch.adjustments.push_back(std::move(row));
    }
    batch.objection_answers.push_back(std::move(answer));
    STIPEND_TRY(ledger.commit(batch));
    STIPEND_LET(done, read_back(ledger, id, request.epoch));
    return std::optional(std::move(done));
}

}  // namespace stipend::engine
