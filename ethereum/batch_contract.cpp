#include "ethereum/batch_contract.hpp"

#include <algorithm>
#include <array>

#include "ethereum/batch_code.hpp"

namespace stipend::ethereum {
namespace {

constexpr std::size_t event_word = sizeof(Bytes32);

Bytes32 word_of(const Address& address) {
    Bytes32 out{};
    std::copy(address.bytes().begin(), address.bytes().end(), out.end() - 20);
    return out;
}

Bytes32 word_of(const Uint256& number) {
    return to_bytes32(number);
}

Bytes32 word_of(std::size_t number) {
    return to_bytes32(Uint256(std::uint64_t{number}));
}

const Bytes32& not_paid_signature() {
    static const Bytes32 out = keccak256("NotPaid(address,bytes32,address,uint256,uint256)");
    return out;
}

const Bytes32& batch_signature() {
    static const Bytes32 out = keccak256("Batch(address,bytes32,address,uint256,uint256,uint256,bytes32)");
    return out;
}

// An event with its fields' names, for messages.
struct Event {
    std::array<std::string_view, 4> topic_names;
    std::vector<Bytes32> topics;
    std::vector<std::string_view> word_names;
    std::vector<Bytes32> words;
};

Event not_paid_event(const BatchCall& call, const Address& caller, std::size_t index) {
    const auto& [to, amount] = call.payments[index];
    return {{"signature", "caller", "batch", "to"},
            {not_paid_signature(), word_of(caller), call.batch, word_of(to)},
            {"index", "amount"},
            {word_of(index), word_of(amount)}};
}

Event batch_event(const BatchCall& call, const Address& caller, std::size_t not_paid, const Uint256& paid) {
    return {{"signature", "caller", "batch", "token"},
            {batch_signature(), word_of(caller), call.batch, call.token ? word_of(*call.token) : Bytes32{}},
            {"payees", "notPaid", "paid", "call"},
            {word_of(call.payments.size()), word_of(not_paid), word_of(paid), keccak256(encode_call(call))}};
}

Result<void> compare(std::string_view name, ByteView got, const Bytes32& want) {
    if (std::ranges::equal(got, want)) return {};
    return fail(STIPEND_E_INVALID, "batch contract: ", name, " of an event: got ", hex_text(got), ", want ",
                hex_text(want));
}

Result<void> compare(const Log& log, const Event& want) {
    if (log.topics.size() != want.topics.size()) {
        return fail(STIPEND_E_INVALID, "batch contract: an event: got ", log.topics.size(), " topics, want ",
                    want.topics.size());
    }
    for (std::size_t at = 0; at < want.topics.size(); ++at) {
        STIPEND_TRY(compare(want.topic_names[at], log.topics[at], want.topics[at]));
    }
    if (log.data.size() != want.words.size() * event_word) {
        return fail(STIPEND_E_INVALID, "batch contract: an event: got ", log.data.size(), " bytes, want ",
                    want.words.size() * event_word);
    }
    for (std::size_t at = 0; at < want.words.size(); ++at) {
        STIPEND_TRY(
            compare(want.word_names[at], ByteView(log.data).subspan(at * event_word, event_word), want.words[at]));
    }
    return {};
}

bool is_not_paid(const Log& log) {
    return !log.topics.empty() && log.topics.front() == not_paid_signature();
}

// The index in the data of a NotPaid, which is the first at or behind `from` of `count`.
Result<std::size_t> index_of(const Log& log, std::size_t from, std::size_t count) {
    if (log.data.size() < event_word) {
        return fail(STIPEND_E_INVALID, "batch contract: an event: got ", log.data.size(), " bytes, want ",
                    2 * event_word);
    }
    const auto index = from_bytes32(std::span(log.data).first<event_word>());
    for (std::size_t at = from; at < count; ++at) {
        if (index == Uint256(std::uint64_t{at})) return at;
    }
    return fail(STIPEND_E_INVALID, "batch contract: index of an event: got ", index.text(), ", want one from ", from,
                " to below ", count);
}

}  // namespace

const Bytes& batch_code() {
    static const Bytes out = hex_decode(batch_code_hex).value();
    return out;
}

const Hash256& batch_code_hash() {
    static const Hash256 out = keccak256(batch_code());
    return out;
}

Result<std::vector<PaymentOutcome>> outcomes_of(const BatchCall& call, const Address& caller, const Address& contract,
                                                std::span<const Log> logs) {
    STIPEND_LET(paid, sum_of(call.payments));
    std::vector<PaymentOutcome> out;
    out.reserve(call.payments.size());
    for (const auto& payment : call.payments) out.push_back({payment, true});

    std::vector<const Log*> events;
    for (const auto& log : logs) {
        if (log.address == contract) events.push_back(&log);
    }
    if (events.empty()) return fail(STIPEND_E_INVALID, "batch contract: got no event of ", contract.text());

    std::size_t next = 0;  // the first payment that an event may still name
    for (const auto* log : std::span(events).first(events.size() - 1)) {
        if (!is_not_paid(*log)) {
            return fail(STIPEND_E_INVALID, "batch contract: got an event that is no NotPaid ahead of the last");
        }
        STIPEND_LET(index, index_of(*log, next, out.size()));
        STIPEND_TRY(compare(*log, not_paid_event(call, caller, index)));
        out[index].paid = false;
        STIPEND_SET(paid, paid.minus(out[index].payment.amount));
        next = index + 1;
    }
    STIPEND_TRY(compare(*events.back(), batch_event(call, caller, events.size() - 1, paid)));
    return out;
}

}  // namespace stipend::ethereum
