#include "host/settlement/records.hpp"

#include <algorithm>
#include <cstring>

#include "host/plugin/record_check.hpp"
#include "stipend/hex.hpp"
#include "stipend/record.hpp"

namespace stipend::settlement {
namespace {

constexpr std::uint64_t max_gas = 1'000'000'000;  // no block has more
constexpr std::size_t max_reason = ledger::max_reason_bytes;

template <class... Parts>
Error broken(const char* field, const Parts&... parts) {
    return fail(STIPEND_E_INVALID, field, ": ", parts...);
}

Result<SignedWei> amount_of(const char* field, const stipend_u256& raw) {
    const auto out = SignedWei::of(Wei::from_abi(raw));
    if (!out) return broken(field, "got more than an amount can hold");
    return *out;
}

Hash hash_of(const std::uint8_t (&bytes)[32]) {
    Hash out{};
    std::copy(std::begin(bytes), std::end(bytes), out.begin());
    return out;
}

Result<Fees> fees_of(const stipend_fees& record) {
    stipend_fees scratch{};
    const auto& from = detail::record_view(&record, scratch);
    Fees out;
    STIPEND_SET(out.tip, amount_of("tip_wei", from.tip_wei));
    STIPEND_SET(out.cap, amount_of("cap_wei", from.cap_wei));
    out.gas = from.gas;
    if (out.cap < out.tip)
        return broken("cap_wei", "got ", out.cap.text(), ", want at least the tip, ", out.tip.text());
    if (out.gas > max_gas) return broken("gas", "got ", out.gas, ", want at most ", max_gas);
    return out;
}

// The item of a list at `index`; records may be longer than this version's.
template <class Record>
const Record& item(const Record* first, std::uint64_t stride, std::uint64_t index) {
    return *reinterpret_cast<const Record*>(reinterpret_cast<const char*>(first) + stride * index);
}

template <class List, class Record>
Result<void> check_list(const List& list, const Record* items, std::uint64_t most) {
    if (list.count > most) return broken("count", "got ", list.count, ", want at most ", most);
    if (list.count > 0 && (items == nullptr || list.stride < sizeof(std::uint32_t) || list.stride > 4'096)) {
        return broken("stride", "got ", list.stride, ", want that of the items");
    }
    return {};
}

}  // namespace

Result<Account> account_of(const stipend_account& record) {
    stipend_account scratch{};
    const auto& from = detail::record_view(&record, scratch);
    Account out;
    if (from.chain_id == 0) return broken("chain_id", "got 0");
    out.chain_id = from.chain_id;
    out.payer = cat("0x", hex_encode(std::span(from.payer)));
    if (from.next_slot > INT64_MAX || from.final_next_slot > from.next_slot) {
        return broken("final_next_slot", "got ", from.final_next_slot, ", want at most next_slot, ", from.next_slot);
    }
    out.next_slot = from.next_slot;
    out.final_next_slot = from.final_next_slot;
    if (from.final_head > INT64_MAX) return broken("final_head", "got ", from.final_head);
    out.final_head = from.final_head;
    if (from.head_at < 0) return broken("head_at", "got ", from.head_at);
    out.head_at = from.head_at;
    STIPEND_SET(out.funds, amount_of("funds", from.funds));
    STIPEND_SET(out.coins, amount_of("coins_wei", from.coins_wei));
    STIPEND_SET(out.base_fee, amount_of("base_fee_wei", from.base_fee_wei));
    STIPEND_LET(fees, fees_of(from.suggested));
    out.tip = fees.tip;
    out.cap = fees.cap;
    if ((from.flags & ~std::uint32_t{STIPEND_ACCOUNT_DISAGREE}) != 0) return broken("flags", "got ", from.flags);
    out.disagree = from.flags != 0;
    return out;
}

Result<Estimate> estimate_of(const stipend_estimate& record) {
    stipend_estimate scratch{};
    const auto& from = detail::record_view(&record, scratch);
    if (from.accepted != 0 && from.accepted != 1) return broken("accepted", "got ", from.accepted, ", want 0 or 1");
    if (from.accepted == 1 && (from.gas == 0 || from.gas > max_gas)) {
        return broken("gas", "got ", from.gas, ", want 1 .. ", max_gas);
    }
    if (from.likely > from.gas) return broken("likely", "got ", from.likely, ", want at most gas, ", from.gas);
    return Estimate{.accepted = from.accepted == 1,
                    .gas = from.gas,
                    .likely = from.likely,
                    .reason = plugin::line_of(view(from.reason), max_reason)};
}

Result<SignedBytes> signed_of(const stipend_signed& record) {
    stipend_signed scratch{};
    const auto& from = detail::record_view(&record, scratch);
    if (from.kind < STIPEND_SIGNED_PAYS || from.kind > STIPEND_SIGNED_REFUSED) return broken("kind", "got ", from.kind);
    SignedBytes out{.refused = from.kind == STIPEND_SIGNED_REFUSED, .gives_up = from.kind == STIPEND_SIGNED_GIVES_UP};
    out.reason = plugin::line_of(view(from.reason), max_reason);
    if (out.refused) return out;
    out.id = hash_of(from.id);
    if (out.id == Hash{}) return broken("id", "got zero");
    if (from.raw.len == 0 || from.raw.len > ledger::max_attempt_bytes) {
        return broken("raw", "got ", from.raw.len, " bytes, want 1 .. ", ledger::max_attempt_bytes);
    }
    out.raw = view(from.raw);
    STIPEND_SET(out.fees, fees_of(from.fees));
    if (out.fees.gas == 0) return broken("gas", "got 0");
    return out;
}

Result<std::vector<SignedBytes>> signed_list_of(const stipend_signed_list& record) {
    stipend_signed_list scratch{};
    const auto& from = detail::record_view(&record, scratch);
    STIPEND_TRY(check_list(from, from.items, ledger::max_attempts));
    std::vector<SignedBytes> out;
    for (std::uint64_t i = 0; i < from.count; ++i) {
        STIPEND_LET(one, signed_of(item(from.items, from.stride, i)));
        if (one.refused) return broken("kind", "got a refusal in a list of what was signed");
        out.push_back(std::move(one));
    }
    return out;
}

namespace {

// Which payments of a batch of `batch` were paid; nothing of one that did not do what it should.
Result<std::vector<bool>> paid_of(const stipend_sighting& seen, std::uint64_t batch) {
    const bool done = seen.executed == STIPEND_OUTCOME_DONE;
    const bool listed = done || seen.count != 0;
    if (listed && seen.count != batch) return broken("count", "got ", seen.count, ", want ", batch);
    if (seen.count != 0 && seen.paid == nullptr) return broken("paid", "got none for ", seen.count, " payments");
    std::vector<bool> out;
    for (std::uint64_t i = 0; i < seen.count; ++i) {
        if (seen.paid[i] > (done ? 1 : 0)) {
            return broken("paid", "got ", static_cast<int>(seen.paid[i]), " for payment ", i);
        }
        if (done) out.push_back(seen.paid[i] == 1);
    }
    return out;
}

}  // namespace

Result<std::vector<Sighting>> sightings_of(const stipend_sighting_list& record, const std::vector<Sought>& asked) {
    stipend_sighting_list scratch{};
    const auto& from = detail::record_view(&record, scratch);
    STIPEND_TRY(check_list(from, from.items, asked.size()));
    if (from.count != asked.size()) return broken("count", "got ", from.count, ", want ", asked.size());
    std::vector<Sighting> out;
    for (std::uint64_t i = 0; i < from.count; ++i) {
        stipend_sighting one{};
        const auto& seen = detail::record_view(&item(from.items, from.stride, i), one);
        if (hash_of(seen.id) != asked[i].id) return broken("id", "got another one than was asked for");
        if (seen.phase < STIPEND_SIGHTING_NONE || seen.phase > STIPEND_SIGHTING_IN_BLOCK) {
            return broken("phase", "got ", seen.phase);
        }
        Sighting sighting{.phase = static_cast<Phase>(seen.phase)};
        if (sighting.phase == Phase::in_block) {
            if (seen.executed < STIPEND_OUTCOME_REVERTED || seen.executed > STIPEND_OUTCOME_OTHER) {
                return broken("executed", "got ", seen.executed);
            }
            if ((seen.final | 1) != 1) return broken("final", "got no truth value");
            sighting.block_hash = hash_of(seen.block_hash);
            if (sighting.block_hash == Hash{} || seen.block > INT64_MAX) return broken("block", "got ", seen.block);
            sighting.block = seen.block;
            sighting.depth = seen.depth;
            STIPEND_SET(sighting.fee, amount_of("fee_wei", seen.fee_wei));
            sighting.executed = seen.executed == STIPEND_OUTCOME_DONE;
            if (seen.executed == STIPEND_OUTCOME_OTHER) {
                sighting.other = plugin::line_of(view(seen.reason), max_reason);
                if (sighting.other.empty()) return broken("reason", "got none for what did something else");
            }
            sighting.final = seen.final == 1;
            STIPEND_SET(sighting.paid, paid_of(seen, asked[i].batch));
        }
        out.push_back(std::move(sighting));
    }
    return out;
}

SlotRecord::SlotRecord(const SlotWork& work) {
    const auto put = [](std::uint8_t(&bytes)[20], const std::string& address) {
        STIPEND_ASSERT(address.size() == ledger::max_address_bytes);
        std::array<std::uint8_t, 20> raw{};
        const bool decoded = hex_decode(std::string_view(address).substr(2), raw);
        STIPEND_ASSERT(decoded);
        std::copy(raw.begin(), raw.end(), bytes);
    };
    for (const auto& one : work.payments) {
        auto& payment = payments_.emplace_back(make_record<stipend_payment>());
        put(payment.to, one.to);
        payment.amount = one.wei.magnitude().to_abi();
    }
    raw_ = make_record<stipend_slot>();
    raw_.slot = work.nonce;
    put(raw_.payer, work.payer);
    std::ranges::copy(work.batch, raw_.batch);
    raw_.count = payments_.size();
    raw_.stride = sizeof(stipend_payment);
    raw_.payments = payments_.data();
    raw_.fees = make_record<stipend_fees>();
    raw_.fees.tip_wei = work.fees.tip.magnitude().to_abi();
    raw_.fees.cap_wei = work.fees.cap.magnitude().to_abi();
    raw_.fees.gas = work.fees.gas;
}

}  // namespace stipend::settlement
