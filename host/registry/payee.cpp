#include "host/registry/payee.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <functional>

#include "stipend/ascii.hpp"
#include "stipend/url.hpp"

namespace stipend::registry {

ledger::Orchestrator Payee::row(bool retired) const {
    return {.id = id,
            .key = key,
            .address = address,
            .payout_address = payout_address,
            .worker_key = worker_key,
            .retired = retired,
            .first_seen_at = first_seen_at};
}

Payee payee_of(config::Orchestrator orchestrator) {
    Payee payee;
    payee.key = std::move(orchestrator.id);
    payee.address = std::move(orchestrator.address);
    for (const auto& address : orchestrator.service_addresses) {
        if (!payee.service_addresses.empty()) payee.service_addresses += '\n';
        payee.service_addresses += address;
    }
    payee.capability = std::move(orchestrator.capability);
    payee.payout_address = std::move(orchestrator.payout_address);
    payee.worker_key = std::move(orchestrator.worker_key);
    payee.dispatch = std::move(orchestrator.dispatch);
    return payee;
}

namespace {

// The texts of a payee in its block, in this order. The key comes last: it may be the end of the address instead.
constexpr std::size_t text_count = 7;
using Texts = std::array<std::string_view, text_count>;
enum Text : std::size_t { address, service_addresses, capability, payout_address, worker_key, dispatch_name, key };

constexpr PayeeIndex no_payee = UINT32_MAX;

// Lengths take seven bits a byte, the lowest first; all but the last byte have the highest bit set.
std::size_t length_bytes(std::size_t length) {
    std::size_t bytes = 1;
    for (; length >= 0x80; length >>= 7U) ++bytes;
    return bytes;
}
char* put_length(char* to, std::size_t length) {
    for (; length >= 0x80; length >>= 7U) *to++ = static_cast<char>(length | 0x80U);
    *to++ = static_cast<char>(length);
    return to;
}
const char* take_length(const char* from, std::size_t& length) {
    length = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(*from++);
        length |= static_cast<std::size_t>(byte & 0x7FU) << shift;
        if (byte < 0x80) return from;
    }
}

std::unique_ptr<char[]> pack(const Payee& payee) {
    const Texts texts{payee.address,    payee.service_addresses, payee.capability, payee.payout_address,
                      payee.worker_key, payee.dispatch,          payee.key};
    const bool key_in_address = texts[address].ends_with(texts[key]);
    std::size_t size = 0;
    for (const auto text : texts) size += length_bytes(2 * text.size()) + text.size();
    if (key_in_address) size -= texts[key].size();
    // Not make_unique: that sets all bytes to zero first.
    std::unique_ptr<char[]> block(new char[size]);
    char* to = block.get();
    for (std::size_t at = 0; at < key; ++at) to = put_length(to, texts[at].size());
    to = put_length(to, 2 * texts[key].size() + (key_in_address ? 1 : 0));
    for (std::size_t at = 0; at < (key_in_address ? key : text_count); ++at) {
        to = std::copy(texts[at].begin(), texts[at].end(), to);
    }
    STIPEND_ASSERT(to <= block.get() + size);
    return block;
}

Texts unpack(const char* from) {
    std::array<std::size_t, text_count> lengths{};
    for (auto& length : lengths) from = take_length(from, length);
    const bool key_in_address = (lengths[key] & 1U) != 0;
    lengths[key] /= 2;
    Texts texts;
    for (std::size_t at = 0; at < key; from += lengths[at++]) texts[at] = {from, lengths[at]};
    const auto& whole = texts[address];
    texts[key] = key_in_address ? whole.substr(whole.size() - lengths[key]) : std::string_view(from, lengths[key]);
    return texts;
}

}  // namespace

void Table::release_memory() {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

void Table::reserve(std::size_t count) {
    rows_.reserve(count);
    place_all(count);
}

Payee Table::operator[](PayeeIndex at) const {
    const auto& row = rows_[at];
    const auto texts = unpack(row.texts.get());
    const auto text = [&](Text which) { return std::string(texts[which]); };
    return {.id = row.id,
            .key = text(Text::key),
            .address = text(address),
            .service_addresses = text(service_addresses),
            .capability = text(capability),
            .payout_address = text(payout_address),
            .worker_key = text(worker_key),
            .dispatch = text(dispatch_name),
            .first_seen_at = row.first_seen_at};
}

std::string_view Table::view_key(PayeeIndex at) const {
    return unpack(rows_[at].texts.get())[Text::key];
}

std::string_view Table::dispatch(PayeeIndex at) const {
    return unpack(rows_[at].texts.get())[dispatch_name];
}

std::size_t Table::place_of(std::string_view key) const {
    const auto mask = places_.size() - 1;
    auto place = std::hash<std::string_view>()(key) & mask;
    while (places_[place] != no_payee && view_key(places_[place]) != key) place = (place + 1) & mask;
    return place;
}

// Makes places for `count` payees, so that three quarters of them are taken at most.
void Table::place_all(std::size_t count) {
    const auto wanted = std::bit_ceil(count + count / 3 + 1);
    if (wanted <= places_.size()) return;
    places_ = std::vector<PayeeIndex>(wanted, no_payee);
    for (std::size_t at = 0; at < rows_.size(); ++at) {
        const auto index = static_cast<PayeeIndex>(at);
        places_[place_of(view_key(index))] = index;
    }
}

std::optional<PayeeIndex> Table::find(std::string_view key) const {
    if (places_.empty()) return std::nullopt;
    const auto found = places_[place_of(key)];
    return found == no_payee ? std::nullopt : std::optional(found);
}

std::optional<PayeeIndex> Table::find(ledger::OrchestratorId id) const {
    const auto at = std::ranges::lower_bound(rows_, id, {}, &Row::id);
    if (at == rows_.end() || at->id != id) return std::nullopt;
    return static_cast<PayeeIndex>(at - rows_.begin());
}

PayeeIndex Table::add(const Payee& payee) {
    STIPEND_ASSERT(rows_.empty() || rows_.back().id < payee.id);
    if (rows_.size() + rows_.size() / 3 + 1 >= places_.size()) place_all(2 * rows_.size() + 8);
    const auto place = place_of(payee.key);
    STIPEND_ASSERT(places_[place] == no_payee);
    const auto at = static_cast<PayeeIndex>(rows_.size());
    rows_.push_back({payee.id, payee.first_seen_at, pack(payee)});
    places_[place] = at;
    return at;
}

void Table::replace(PayeeIndex at, const Payee& payee) {
    STIPEND_ASSERT(rows_[at].id == payee.id && view_key(at) == payee.key);
    rows_[at] = {payee.id, payee.first_seen_at, pack(payee)};
}

namespace {

// What makes two payees the same party, in any spelling. Each kind has a space of its own, so that no two kinds can
// meet.
template <class Use>
void for_each_identity(const Payee& payee, Use&& use) {
    if (!payee.address.empty()) use("address " + address_key(payee.address));
    if (!payee.payout_address.empty()) use("payout " + ascii::to_lower(payee.payout_address));
    if (!payee.worker_key.empty()) use("key " + ascii::to_lower(payee.worker_key));
}

}  // namespace

IdentityIndex::IdentityIndex(const Table& table, const std::vector<bool>& active) {
    STIPEND_ASSERT(active.size() == table.size());
    for (std::size_t at = 0; at < table.size(); ++at) {
        const auto index = static_cast<PayeeIndex>(at);
        if (active[at]) continue;
        for_each_identity(table[index], [&](const std::string& mark) { by_mark_[mark] = index; });
    }
}

std::optional<PayeeIndex> IdentityIndex::find(const Payee& payee) const {
    std::optional<PayeeIndex> latest;
    if (by_mark_.empty()) return latest;
    for_each_identity(payee, [&](const std::string& mark) {
        const auto at = by_mark_.find(mark);
        if (at != by_mark_.end() && (!latest || *latest < at->second)) latest = at->second;
    });
    return latest;
}

}  // namespace stipend::registry
