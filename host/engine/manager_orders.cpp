// What the manager does on the orders of the control socket: adjustments, archives, and pardons, for which it reads
// what the ledger holds, has the engine compute, and waits until it is durable.
#include <deque>

#include "host/base/time.hpp"
#include "host/engine/adjust.hpp"
#include "host/engine/archive_request.hpp"
#include "host/engine/manager.hpp"
#include "host/engine/objection_desk.hpp"
#include "host/engine/order_record.hpp"
#include "host/engine/pardon.hpp"
#include "host/runtime/control_server.hpp"
#include "host/runtime/pending_answer.hpp"

namespace stipend::engine {
namespace {

// So much is computed in one turn of the control thread, and written in one transaction: the past of so many
// orchestrators, of about so many decisions. One orchestrator may have more.
constexpr std::size_t pardons_at_once = 64;
constexpr std::size_t decisions_at_once = 5'000;
constexpr std::size_t looked_up_at_once = 1'000;  // orchestrators, whether there is something to pardon or not
constexpr int tries = 5;
constexpr std::int64_t pardon_patience_ns = 60 * ns_per_s;

struct Candidate {
    registry::PayeeIndex payee = 0;
    ledger::OrchestratorId id = 0;
    std::string key = {};
    int tried = 0;
    ledger::PardonHistory history = {};
};

// What is said of them so far.
struct Answers {
    Json pardoned = Json::array();
    Json refused = Json::array();
    [[nodiscard]] Json whole(bool dry_run) const {
        return Json::object().append("dry_run", dry_run).append("pardoned", pardoned).append("refused", refused);
    }
    void refuse(const std::string& key, const Error& why) {
        refused.push(Json::object().append("orchestrator", key).append("reason", why.message));
    }
};

using Durable = std::optional<runtime::PendingAnswer<Result<void>>>;  // none: nothing is written

// On the ledger's thread: takes the next ones out of the queue, those with something to pardon.
Result<std::vector<Candidate>> read_some(ledger::Ledger& ledger, const PardonRequest& request,
                                         std::deque<Candidate>& queue, Answers& answers) {
    const bool all = request.orchestrator.empty();
    std::vector<Candidate> out;
    std::size_t decisions = 0;
    for (std::size_t looked_up = 0; !queue.empty() && looked_up < looked_up_at_once; ++looked_up) {
        if (out.size() == pardons_at_once || decisions >= decisions_at_once) break;
        auto one = std::move(queue.front());
        queue.pop_front();
        auto history = ledger.pardon_history(one.id, request.from, request.to);
        if (!history && !all) return std::move(history).error();
        if (!history) answers.refuse(one.key, history.error());
        if (!history || (all && history->decisions.empty())) continue;
        one.history = std::move(*history);
        decisions += one.history.decisions.size();
        out.push_back(std::move(one));
    }
    return out;
}

// On the control thread. Those whose decision is being written go back into the queue.
Result<Durable> carry_out(Engine& engine, const PardonRequest& request, const std::vector<Candidate>& candidates,
                          stipend_unix_ns now, Answers& answers, std::deque<Candidate>& queue,
                          const api::OrderKey& key) {
    std::vector<ledger::Pardoned> pardons;
    for (const auto& one : candidates) {
        auto planned = engine.plan_pardon(request, one.payee, one.history, now);
        if (planned) {
            answers.pardoned.push(to_json(one.key, planned->row));
            pardons.push_back(std::move(*planned));
        } else if (planned.error().status == STIPEND_E_BUSY && one.tried < tries) {
            queue.push_back({one.payee, one.id, one.key, one.tried + 1});
        } else if (request.orchestrator.empty()) {
            answers.refuse(one.key, planned.error());
        } else {
            return std::move(planned).error();
        }
    }
    Durable durable;
    if (pardons.empty() || request.dry_run) return durable;
    ledger::Batch last;  // the answer is whole when nothing is left
    if (queue.empty()) record_answer(last, key, answers.whole(false), now);
    engine.pardon(std::move(pardons), std::move(last.answered), durable.emplace().giver(), now);
    return durable;
}

Result<void> wait_for(Durable durable) {
    if (!durable) return {};
    STIPEND_LET(written, durable->wait_within(pardon_patience_ns, fail(STIPEND_E_TIMEOUT,
                                                                       "the ledger does not answer: the "
                                                                       "pardon is recorded once it does")));
    return std::move(written);
}

}  // namespace

Result<Json> Manager::pardon(const Json& body, const api::OrderKey& key) {
    STIPEND_LET(request, parse_pardon(body));
    if (request.to > host_.now()) {
        return fail(STIPEND_E_INVALID, "\"to\": got ", utc_text(request.to), ", want a time that has been: it is ",
                    utc_text(host_.now()));
    }
    STIPEND_LET(listed, host_.loop().ask([&]() -> Result<std::vector<Candidate>> {
        std::vector<Candidate> out;
        const auto& payees = engine_->payees();
        const auto add = [&](registry::PayeeIndex at) { out.push_back({at, payees[at].id, payees.key(at)}); };
        if (!request.orchestrator.empty()) {
            const auto payee = payees.find(request.orchestrator);
            if (!payee) return fail(STIPEND_E_INVALID, "no such orchestrator: ", request.orchestrator);
            add(*payee);
            return out;
        }
        for (registry::PayeeIndex at = 0; at < payees.size(); ++at) {
            if (engine_->is_active(at)) add(at);
        }
        return out;
    }));
    STIPEND_LET(candidates, listed);
    STIPEND_LET(before, host_.writer().ask([&](ledger::Ledger& ledger) { return answer_before(ledger, key); }));
    if (before && !request.dry_run) return std::move(*before);
    Answers answers;
    std::deque<Candidate> queue(std::make_move_iterator(candidates.begin()), std::make_move_iterator(candidates.end()));
    while (!queue.empty()) {
        STIPEND_LET(some, host_.writer().ask(
                              [&](ledger::Ledger& ledger) { return read_some(ledger, request, queue, answers); }));
        // A transaction that is under way is over when the ledger is asked again.
        STIPEND_LET(done, host_.loop().ask(
                              [&] { return carry_out(*engine_, request, some, host_.now(), answers, queue, key); }));
        STIPEND_LET(durable, std::move(done));
        STIPEND_TRY(wait_for(std::move(durable)));
    }
    auto answer = answers.whole(request.dry_run);
    if (request.dry_run) return answer;
    // Where the last turn had nothing to write, it wrote no answer either.
    ledger::Batch rest;
    record_answer(rest, key, answer, host_.now());
    if (!rest.empty()) STIPEND_TRY(host_.writer().ask([&](ledger::Ledger& ledger) { return ledger.commit(rest); }));
    return answer;
}

Result<Json> Manager::adjust(const Json& body, const api::OrderKey& key) {
    STIPEND_LET(request, parse_adjustment(body));
    STIPEND_LET(found, host_.loop().ask([&]() -> Result<AdjustTerms> {
        const auto payee = engine_->payees().find(request.orchestrator);
        if (!payee) return fail(STIPEND_E_INVALID, "no such orchestrator: ", request.orchestrator);
        return terms_of(*engine_, *payee, host_.now());
    }));
    STIPEND_LET(terms, found);
    const auto now = host_.now();
    return host_.writer().ask(
        [&](ledger::Ledger& ledger) { return record_adjustment(ledger, request, terms, now, key); });
}

// Copies by a connection of its own while the host goes on; only the switch, and the deletion in parts, run on the
// ledger's thread.
Result<Json> Manager::archive(const runtime::ControlServer& server, const Json& body) {
    STIPEND_LET(request, parse_archive_request(body));
    STIPEND_LET(settings, host_.loop().ask([this] { return plan_->settings; }));
    STIPEND_LET(reader, ledger::open(ledger::database_file(settings.state),
                                     {.access = ledger::Access::read_only, .ns = runtime::namespace_of(settings)}));
    STIPEND_LET(prepared,
                reader->prepare_archive(request.before, request.file, [&server] { return server.stopping(); }));
    reader.reset();
    STIPEND_LET(report, host_.writer().ask([&](ledger::Ledger& ledger) { return ledger.take_archive(prepared); }));
    for (bool more = true; more && !server.stopping();) {
        STIPEND_SET(more, host_.writer().ask([](ledger::Ledger& ledger) { return ledger.purge_archived(); }));
    }
    return archive_json(report);
}

}  // namespace stipend::engine
