#include "host/runtime/ledger_writer.hpp"

#include <chrono>

namespace stipend::runtime {

Result<std::unique_ptr<LedgerWriter>> LedgerWriter::create(std::unique_ptr<ledger::Ledger> ledger) {
    STIPEND_LET(thread, ThreadPool::create(1, "stipend-ledger"));
    return std::unique_ptr<LedgerWriter>(new LedgerWriter(std::move(ledger), std::move(thread)));
}

LedgerWriter::~LedgerWriter() {
    thread_->finish();
}

void LedgerWriter::post(Task work) {
    ++queued_;
    thread_->post([this, work = std::move(work)]() mutable {
        work();
        --queued_;
    });
}

CommitTimes LedgerWriter::commit_times() const {
    const std::lock_guard lock(mutex_);
    return commit_times_;
}

void LedgerWriter::commit(std::shared_ptr<const ledger::Batch> batch, std::function<void(Result<void>)> done) {
    post([this, batch = std::move(batch), done = std::move(done)] {
        const auto begun = std::chrono::steady_clock::now();
        auto result = ledger_->commit(*batch);
        const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begun;
        {
            const std::lock_guard lock(mutex_);
            commit_times_.add(took.count());
        }
        done(std::move(result));
    });
}

void LedgerWriter::query(std::function<void(ledger::Ledger&)> work) {
    post([this, work = std::move(work)] { work(*ledger_); });
}

Result<std::string> LedgerWriter::get(std::string_view instance, std::string_view key) {
    return ask([&](ledger::Ledger& ledger) -> Result<std::string> {
        STIPEND_LET(value, ledger.kv_get(instance, key));
        if (!value) return fail(STIPEND_E_UNAVAILABLE, "no value: ", instance, ": ", key);
        return *value;
    });
}

Result<void> LedgerWriter::put(std::string_view instance, std::string_view key, std::string_view value) {
    return ask([&](ledger::Ledger& ledger) { return ledger.kv_put(instance, key, value, {}); });
}

Result<void> LedgerWriter::erase(std::string_view instance, std::string_view key) {
    return ask([&](ledger::Ledger& ledger) { return ledger.kv_erase(instance, key); });
}

}  // namespace stipend::runtime
