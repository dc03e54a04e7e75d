#include "host/engine/commit_queue.hpp"

#include <iterator>
#include <utility>
#include <vector>

namespace stipend::engine {
namespace {

// Moves all but the first `count` rows from `rows` to `rest`.
template <class Row>
void keep_rest(std::vector<Row>& rows, std::vector<Row>& rest, std::size_t count) {
    if (rows.size() <= count) return;
    const auto from = rows.begin() + static_cast<std::ptrdiff_t>(count);
    rest.assign(std::make_move_iterator(from), std::make_move_iterator(rows.end()));
    rows.erase(from, rows.end());
}

}  // namespace

ledger::Batch CommitQueue::take(bool all_known) {
    auto batch = std::exchange(waiting_, {});
    keep_rest(batch.changed, waiting_.changed, all_known ? max_batch : 0);
    keep_rest(batch.fees, waiting_.fees, max_batch);
    keep_rest(batch.gaps_opened, waiting_.gaps_opened, all_known ? max_batch : 0);
    return batch;
}

void CommitQueue::begin(BatchPtr batch, stipend_unix_ns now) {
    STIPEND_ASSERT(!under_way() && batch != nullptr && !batch->empty());
    STIPEND_ASSERT(batch->decisions.size() <= max_batch && batch->added.size() <= max_batch);
    STIPEND_ASSERT(batch->fees.size() <= max_batch);
    under_way_ = std::move(batch);
    begun_at_ = now;
}

CommitQueue::BatchPtr CommitQueue::retry(stipend_unix_ns now) {
    if (!retry_at_ || now < *retry_at_) return nullptr;
    retry_at_.reset();
    return under_way_;
}

CommitQueue::BatchPtr CommitQueue::finish() {
    STIPEND_ASSERT(under_way() && !retry_at_);
    return std::exchange(under_way_, nullptr);
}

}  // namespace stipend::engine
