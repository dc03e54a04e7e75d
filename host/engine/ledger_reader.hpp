// A read-only connection to the ledger of a running host, for one caller at a time. Opened when it is first needed.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "host/ledger/ledger.hpp"

namespace stipend::engine {

class LedgerReader {
  public:
    LedgerReader(std::string state_folder, ledger::Namespace ns) : state_folder_(std::move(state_folder)), ns_(ns) {}

    // Runs `work` on it, alone. [any thread but control]
    template <class Work>
    [[nodiscard]] auto read(Work work) -> decltype(work(std::declval<ledger::Ledger&>())) {
        const std::lock_guard lock(mutex_);
        if (!ledger_) {
            STIPEND_SET(ledger_, ledger::open(ledger::database_file(state_folder_),
                                              {.access = ledger::Access::read_only, .ns = ns_}));
        }
        auto result = work(*ledger_);
        if (!result) ledger_.reset();  // the next call opens it anew
        return result;
    }

  private:
    const std::string state_folder_;
    const ledger::Namespace ns_;
    std::mutex mutex_;
    std::unique_ptr<ledger::Ledger> ledger_;  // guarded by mutex_
};

}  // namespace stipend::engine
