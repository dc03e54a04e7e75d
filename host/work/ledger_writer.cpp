#include "host/work/ledger_writer.hpp"

#include <pthread.h>

namespace stipend::work {

LedgerWriter::LedgerWriter(std::unique_ptr<ledger::Ledger> ledger)
    : ledger_(std::move(ledger)), thread_([this] { run(); }) {
    ::pthread_setname_np(thread_.native_handle(), "stipend-ledger");
}

LedgerWriter::~LedgerWriter() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void LedgerWriter::post(Task work) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(work));
    }
    changed_.notify_one();
}

void LedgerWriter::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        auto work = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        work();
        work = Task();
        lock.lock();
    }
}

void LedgerWriter::commit(std::shared_ptr<const ledger::Batch> batch, std::function<void(Result<void>)> done) {
    post([this, batch = std::move(batch), done = std::move(done)] { done(ledger_->commit(*batch)); });
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

}  // namespace stipend::work
