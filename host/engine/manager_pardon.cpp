// The manager's part in pardons: reads what the ledger holds, has the engine compute, and waits until it is durable.
#include <chrono>
#include <future>

#include "host/base/time.hpp"
#include "host/engine/manager.hpp"
#include "host/engine/pardon.hpp"

namespace stipend::engine {
namespace {

// Of this many orchestrators the past is held at a time.
constexpr std::size_t pardons_at_once = 64;
constexpr int tries = 5;
constexpr std::chrono::seconds patience{60};

struct Candidate {
    registry::PayeeIndex payee = 0;
    ledger::OrchestratorId id = 0;
    std::string key = {};
    ledger::PardonHistory history = {};
};

// What is said of them so far.
struct Answers {
    Json pardoned = Json::array();
    Json refused = Json::array();
    void refuse(const std::string& key, const Error& why) {
        refused.push(Json::object().append("orchestrator", key).append("reason", why.message));
    }
};

using Durable = std::shared_ptr<std::promise<Result<void>>>;

// On the control thread. Those whose decision is being written go to `again`.
Result<Durable> carry_out(Engine& engine, const PardonRequest& request, const std::vector<Candidate>& candidates,
                          stipend_unix_ns now, Answers& answers, std::vector<Candidate>& again) {
    std::vector<ledger::Pardoned> pardons;
    for (const auto& one : candidates) {
        auto planned = engine.plan_pardon(request, one.payee, one.history, now);
        if (planned) {
            answers.pardoned.push(to_json(one.key, planned->row));
            pardons.push_back(std::move(*planned));
        } else if (planned.error().status == STIPEND_E_BUSY) {
            again.push_back({one.payee, one.id, one.key});
        } else if (request.orchestrator.empty()) {
            answers.refuse(one.key, planned.error());
        } else {
            return std::move(planned).error();
        }
    }
    if (pardons.empty() || request.dry_run) return Durable();
    auto durable = std::make_shared<std::promise<Result<void>>>();
    engine.pardon(
        std::move(pardons), [durable](Result<void> result) { durable->set_value(std::move(result)); }, now);
    return durable;
}

Result<void> wait_for(Durable durable) {
    if (!durable) return {};
    auto written = durable->get_future();
    durable.reset();
    if (written.wait_for(patience) != std::future_status::ready) {
        return fail(STIPEND_E_TIMEOUT, "the ledger does not answer: the pardon is recorded once it does");
    }
    try {
        return written.get();
    } catch (const std::future_error&) {  // the engine ended, and the promise with it
        return fail(STIPEND_E_STATE, "the host is stopping");
    }
}

}  // namespace

Result<Json> Manager::pardon(const Json& body) {
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
    Answers answers;
    for (std::size_t from = 0; from < candidates.size(); from += pardons_at_once) {
        const auto to = std::min(candidates.size(), from + pardons_at_once);
        std::vector<Candidate> part(candidates.begin() + static_cast<std::ptrdiff_t>(from),
                                    candidates.begin() + static_cast<std::ptrdiff_t>(to));
        for (int at = 0; !part.empty(); ++at) {
            std::vector<Candidate> again;
            std::vector<Candidate> read;
            STIPEND_TRY(host_.writer().ask([&](ledger::Ledger& ledger) -> Result<void> {
                for (auto& one : part) {
                    auto history = ledger.pardon_history(one.id, request.from, request.to);
                    if (!history && !request.orchestrator.empty()) return std::move(history).error();
                    if (!history) {
                        answers.refuse(one.key, history.error());
                    } else if (!request.orchestrator.empty() || !history->decisions.empty()) {
                        one.history = std::move(*history);
                        read.push_back(std::move(one));
                    }
                }
                return {};
            }));
            STIPEND_LET(done, host_.loop().ask(
                                  [&] { return carry_out(*engine_, request, read, host_.now(), answers, again); }));
            STIPEND_LET(durable, done);
            STIPEND_TRY(wait_for(std::move(durable)));
            if (again.empty()) break;
            if (at == tries) {
                for (const auto& one : again)
                    answers.refuse(one.key, fail(STIPEND_E_BUSY, "is being decided: try again"));
                break;
            }
            part = std::move(again);  // the ledger reads them only when the transaction under way is over
        }
    }
    return Json::object()
        .append("dry_run", request.dry_run)
        .append("pardoned", std::move(answers.pardoned))
        .append("refused", std::move(answers.refused));
}

}  // namespace stipend::engine
