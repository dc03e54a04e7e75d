#include "tests/soak/money/faults.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace soak {

void CrashPoint::pass(std::string_view name) {
    if (name != name_ || --left_ != 0) return;
    std::raise(SIGKILL);
}

Wrong wrong_of(std::string_view name) {
    static const std::map<std::string_view, Wrong> names{{"", Wrong::none},
                                                         {"send-before-record", Wrong::send_before_record},
                                                         {"credit-back", Wrong::credit_back},
                                                         {"newest-only", Wrong::newest_only},
                                                         {"second-nonce", Wrong::second_nonce},
                                                         {"nonce-ahead", Wrong::nonce_ahead},
                                                         {"batch-without-id", Wrong::batch_without_id},
                                                         {"whole-batch", Wrong::whole_batch}};
    const auto found = names.find(name);
    if (found != names.end()) return found->second;
    std::fprintf(stderr, "no wrong order \"%.*s\"\n", static_cast<int>(name.size()), name.data());
    std::exit(2);
}

void Recorded::load(const ledger::OpenPayouts& open) {
    for (const auto& slot : open.last_slots) next_nonce_ = std::max(next_nonce_, slot.nonce + 1);
    for (const auto& slot : open.slots) {
        nonces_[slot.row.id] = slot.row.nonce;
        if (!slot.attempts.empty()) attempts_[slot.row.id] = slot.attempts;
    }
}

void Recorded::apply(const ledger::PayoutChanges& changes) {
    for (const auto& slot : changes.slots) {
        nonces_[slot.id] = slot.nonce;
        next_nonce_ = std::max(next_nonce_, slot.nonce + 1);
    }
    for (const auto& attempt : changes.attempts) attempts_[attempt.slot].push_back(attempt);
    for (const auto& end : changes.ends) {
        nonces_.erase(end.slot);
        attempts_.erase(end.slot);
    }
}

bool Recorded::has_attempt(std::uint64_t nonce) const {
    return std::ranges::any_of(nonces_,
                               [&](const auto& one) { return one.second == nonce && attempts_.contains(one.first); });
}

bool Recorded::is_old(const ledger::Hash& id) const {
    return std::ranges::any_of(attempts_, [&](const auto& one) {
        const auto& all = one.second;
        return std::any_of(all.begin(), all.end() - 1, [&](const auto& attempt) { return attempt.id == id; });
    });
}

const ledger::Attempt* Recorded::find(std::string_view raw) const {
    for (const auto& [slot, all] : attempts_) {
        for (const auto& attempt : all) {
            if (attempt.raw == raw) return &attempt;
        }
    }
    return nullptr;
}

}  // namespace soak
