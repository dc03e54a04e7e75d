// Compares the heads that were signed earlier with the chain as it is walked.
#include "host/base/time.hpp"
#include "host/ledger/signed_head.hpp"
#include "host/ledger/verify.hpp"

namespace stipend::ledger {
namespace {

std::string name_of_head(const TreeHead& head) {
    return cat("signed head of rows ", head.first, " to ", head.last);
}

}  // namespace

void Verifier::check_heads(Seq seq, AuditKind kind, std::string_view content, const Hash& hash) {
    const auto& heads = options_.signed_heads;
    for (; next_head_ < heads.size() && heads[next_head_].last < seq; ++next_head_) {
        // Rows in archives that were not found are not judged.
        if (heads[next_head_].first > unchecked_) bad(name_of_head(heads[next_head_]), "its last row is missing");
        tree_ = {};
    }
    if (next_head_ == heads.size()) return;
    const auto& head = heads[next_head_];
    if (seq < head.first || head.first <= unchecked_) return;
    tree_.add(leaf_of(seq, kind, content));
    if (seq < head.last) return;
    if (hash != head.hash || tree_.root() != head.root) {
        bad(name_of_head(head), cat("the rows are not those that were signed at ", utc_text(head.at)));
    }
    tree_ = {};
    ++next_head_;
}

void Verifier::report_cut_heads() {
    for (const auto& heads = options_.signed_heads; next_head_ < heads.size(); ++next_head_) {
        const auto& head = heads[next_head_];
        if (head.last <= unchecked_) continue;
        bad(name_of_head(head), cat("the chain ends at seq ", at_.seq, ": rows were cut off or replaced"));
    }
}

}  // namespace stipend::ledger
