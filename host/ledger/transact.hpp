// The one way in which the ledger writes.
#pragma once

#include "host/ledger/sqlite_ledger.hpp"

namespace stipend::ledger {

template <class Write>
Result<void> SqliteLedger::transact(Write&& write) {
    STIPEND_TRY(check_writable());
    sqlite::Transaction transaction(database_);
    if (auto begun = transaction.begin("IMMEDIATE"); !begun) return noted(std::move(begun).error());
    if (Result<void> written = write(); !written) return noted(std::move(written).error());
    if (auto committed = transaction.commit(); !committed) return noted(std::move(committed).error());
    checkpoint_if_due();
    return {};
}

}  // namespace stipend::ledger
