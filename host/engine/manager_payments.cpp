// What the manager does for a manual payment: reserved in the limits on the control thread, then written with its
// answer in one transaction.
#include "host/auth/crypto.hpp"
#include "host/engine/manager.hpp"
#include "host/engine/order_record.hpp"

namespace stipend::engine {
namespace {

constexpr std::size_t payment_id_bytes = 16;

// On the ledger's thread. `known`: whether it is written or not, since after a disk failure that is not.
Result<Json> write_payment(ledger::Ledger& ledger, const ledger::ManualPayment& row, const std::string& orchestrator,
                           const api::OrderKey& key, bool& known) {
    const std::array<ledger::OrchestratorId, 1> ids{row.orchestrator};
    STIPEND_LET(standings, ledger.standings(ids));
    auto answer = manual_payment_answer(row, orchestrator, standings.front().latency_ns);
    ledger::Batch batch;
    batch.payments.push_back(row);
    record_answer(batch, key, answer, row.at);
    const auto done = ledger.commit(batch);
    known = !ledger.failed();
    if (!done) return done.error();
    return answer;
}

}  // namespace

Result<std::optional<Json>> Manager::pay(const Json& body, const api::OrderKey& key) {
    STIPEND_LET(request, parse_manual_payment(body));
    STIPEND_LET(before, host_.writer().ask([&](ledger::Ledger& ledger) { return answer_before(ledger, key); }));
    if (before) return std::optional(std::move(*before));
    STIPEND_LET(id, auth::random_hex(payment_id_bytes));
    struct Reserved {
        std::optional<ledger::ManualPayment> row;
        std::string orchestrator = {};
    };
    STIPEND_LET(reserving, host_.loop().ask([&]() -> Result<Reserved> {
        STIPEND_LET(row, engine_->reserve_manual(request, id, host_.now()));
        if (!row) return Reserved();
        auto name = engine_->payees().key(*engine_->payees().find(row->orchestrator));
        return Reserved{std::move(row), std::move(name)};
    }));
    STIPEND_LET(reserved, reserving);
    if (!reserved.row) return std::optional<Json>();
    const auto& row = *reserved.row;
    bool known = true;
    auto written = host_.writer().ask(
        [&](ledger::Ledger& ledger) { return write_payment(ledger, row, reserved.orchestrator, key, known); });
    if (!written && known) host_.loop().post([this, row] { engine_->release_manual(row); });
    if (!written) return written.error();
    host_.log().info(cat(reserved.orchestrator, "   manual payment of ", row.usd.text(), " USD, ", row.wei.text(),
                         " wei, by ", row.by, ": ", row.id));
    host_.loop().post([this] {
        if (events_) events_->notify();
    });
    return std::optional(std::move(*written));
}

}  // namespace stipend::engine
