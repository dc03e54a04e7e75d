#include "host/engine/receipt_reads.hpp"

#include "host/receipt/statement.hpp"
#include "host/runtime/role.hpp"

namespace stipend::engine {

template <class T>
Result<T> ReceiptReads::of_ledger(Result<T> result) const {
    if (result || result.error().status != STIPEND_E_INVALID) return result;
    log_(cat("no receipt or statement: ", result.error().message));
    return fail(STIPEND_E_INTERNAL, result.error().message);
}

Result<receipt::Key> ReceiptReads::key() const {
    auto out = receipt::Key::open(state_);
    if (out) return out;
    log_(cat("no receipt or statement: ", out.error().message));
    return fail(STIPEND_E_INTERNAL, out.error().message);
}

ReceiptReads::ReceiptReads(const config::Settings& settings, const Clock& clock,
                           std::function<void(const std::string&)> log)
    : state_(settings.state),
      ns_(runtime::namespace_of(settings)),
      clock_(clock),
      log_(std::move(log)),
      ledger_(settings.state, runtime::namespace_of(settings)) {}

Result<std::string> ReceiptReads::signer() {
    STIPEND_LET(signing, key());
    return signing.address();
}

Result<std::optional<std::string>> ReceiptReads::receipt(std::string_view orchestrator, std::int64_t payout) {
    STIPEND_LET(signing, key());
    return of_ledger(ledger_.read(
        [&](ledger::Ledger& book) { return receipt::make_receipt(book, ns_, payout, orchestrator, signing); }));
}

Result<std::optional<ReceiptReads::StatementText>> ReceiptReads::statement(std::string_view orchestrator,
                                                                           std::string_view network,
                                                                           std::string_view month,
                                                                           std::string_view format) {
    STIPEND_LET(of_month, receipt::parse_month(month));
    STIPEND_LET(in_form, receipt::parse_format(format));
    STIPEND_LET(signing, key());
    STIPEND_LET(made, of_ledger(ledger_.read([&](ledger::Ledger& book) {
                    return receipt::make_statement(book, ns_, orchestrator, network, of_month, clock_.now());
                })));
    if (!made) return std::optional<StatementText>();
    return std::optional(StatementText{.text = receipt::statement_text(*made, in_form, signing),
                                       .content_type = std::string(receipt::content_type(in_form))});
}

}  // namespace stipend::engine
