#include "ethereum/abi.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "ethereum/keccak.hpp"

namespace stipend::ethereum {
namespace {

using Selector = std::array<std::uint8_t, 4>;
constexpr std::size_t word_bytes = 32;

// The first bytes of the hash of the function's signature.
constexpr Selector transfer_selector = {0xa9, 0x05, 0x9c, 0xbb};
constexpr Selector approve_selector = {0x09, 0x5e, 0xa7, 0xb3};
const Selector& selector_of_batch(bool token) {
    const auto make = [](std::string_view signature) {
        const auto hash = keccak256(signature);
        return Selector{hash[0], hash[1], hash[2], hash[3]};
    };
    static const Selector pay = make("pay(bytes32,address[],uint256[])");
    static const Selector pay_token = make("payToken(address,bytes32,address[],uint256[])");
    return token ? pay_token : pay;
}

class CallWriter {
  public:
    explicit CallWriter(const Selector& selector) : out_(selector.begin(), selector.end()) {}

    CallWriter& word(ByteView bytes) {
        out_.insert(out_.end(), word_bytes - bytes.size(), 0);
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    CallWriter& address(const Address& value) { return word(value.bytes()); }
    CallWriter& number(const Uint256& value) { return word(to_bytes32(value)); }
    CallWriter& size(std::size_t value) { return number(Uint256(std::uint64_t{value})); }
    Bytes take() { return std::move(out_); }

  private:
    Bytes out_;
};

class CallReader {
  public:
    explicit CallReader(ByteView words) : rest_(words) {}

    std::span<const std::uint8_t, word_bytes> word() {
        const auto out = rest_.first<word_bytes>();
        rest_ = rest_.subspan(word_bytes);
        return out;
    }
    Result<Address> address(std::string_view name) {
        const auto bytes = word();
        if (std::any_of(bytes.begin(), bytes.end() - 20, [](std::uint8_t byte) { return byte != 0; })) {
            return fail(STIPEND_E_INVALID, "call: ", name, ": got bytes above an address");
        }
        const auto out = Address::of(bytes.last<20>());
        if (!out) return fail(STIPEND_E_INVALID, "call: ", name, ": got the zero address");
        return *out;
    }
    Uint256 number() { return from_bytes32(word()); }
    Result<void> size(std::string_view name, std::size_t want) {
        const auto got = number();
        if (got == Uint256(std::uint64_t{want})) return {};
        return fail(STIPEND_E_INVALID, "call: ", name, ": got ", got.text(), ", want ", want);
    }
    [[nodiscard]] std::size_t words() const { return rest_.size() / word_bytes; }

  private:
    ByteView rest_;
};

Bytes encode(const BatchCall& call) {
    CallWriter out(selector_of_batch(call.token.has_value()));
    const std::size_t head = call.token ? 4 : 3;
    if (call.token) out.address(*call.token);
    out.word(call.batch).size(head * word_bytes).size((head + 1 + call.payments.size()) * word_bytes);
    out.size(call.payments.size());
    for (const auto& payment : call.payments) out.address(payment.to);
    out.size(call.payments.size());
    for (const auto& payment : call.payments) out.number(payment.amount);
    return out.take();
}

Result<Call> decode_batch(CallReader reader, bool token) {
    const std::size_t head = token ? 4 : 3;
    const std::size_t words = reader.words();
    if (words < head + 4 || (words - head) % 2 != 0) {
        return fail(STIPEND_E_INVALID, "call: got ", words, " words, want a batch of at least one payment");
    }
    const std::size_t count = (words - head - 2) / 2;
    if (count > max_batch_payments) {
        return fail(STIPEND_E_LIMIT, "call: got ", count, " payments, want at most ", max_batch_payments);
    }
    BatchCall out;
    if (token) STIPEND_SET(out.token, reader.address("token"));
    const auto batch = reader.word();
    std::copy(batch.begin(), batch.end(), out.batch.begin());
    STIPEND_TRY(reader.size("offset of to", head * word_bytes));
    STIPEND_TRY(reader.size("offset of amounts", (head + 1 + count) * word_bytes));
    STIPEND_TRY(reader.size("length of to", count));
    out.payments.reserve(count);
    for (std::size_t at = 0; at < count; ++at) {
        STIPEND_LET(to, reader.address("to"));
        out.payments.push_back({to, {}});
    }
    STIPEND_TRY(reader.size("length of amounts", count));
    for (auto& payment : out.payments) payment.amount = reader.number();
    return Call(std::move(out));
}

}  // namespace

Bytes encode_call(const Call& call) {
    if (const auto* transfer = std::get_if<TokenTransfer>(&call)) {
        return CallWriter(transfer_selector).address(transfer->payment.to).number(transfer->payment.amount).take();
    }
    if (const auto* approval = std::get_if<TokenApproval>(&call)) {
        return CallWriter(approve_selector).address(approval->spender).number(approval->amount).take();
    }
    return encode(std::get<BatchCall>(call));
}

Result<Call> decode_call(ByteView data) {
    if (data.size() < sizeof(Selector) || (data.size() - sizeof(Selector)) % word_bytes != 0) {
        return fail(STIPEND_E_INVALID, "call: got ", data.size(), " bytes, want a selector and words of 32 bytes");
    }
    const auto is = [&](const Selector& selector) {
        return std::equal(selector.begin(), selector.end(), data.begin());
    };
    CallReader reader(data.subspan(sizeof(Selector)));
    const bool transfer = is(transfer_selector);
    if (transfer || is(approve_selector)) {
        if (reader.words() != 2) return fail(STIPEND_E_INVALID, "call: got ", reader.words(), " words, want 2");
        STIPEND_LET(address, reader.address(transfer ? "to" : "spender"));
        const auto amount = reader.number();
        if (transfer) return Call(TokenTransfer{{address, amount}});
        return Call(TokenApproval{address, amount});
    }
    if (is(selector_of_batch(false))) return decode_batch(reader, false);
    if (is(selector_of_batch(true))) return decode_batch(reader, true);
    return fail(STIPEND_E_INVALID, "call: got the selector ", hex_text(data.first(sizeof(Selector))),
                ", want one of transfer, approve, pay, payToken");
}

Result<Uint256> sum_of(const std::vector<Payment>& payments) {
    Uint256 sum;
    for (const auto& payment : payments) STIPEND_SET(sum, sum.plus(payment.amount));
    return sum;
}

}  // namespace stipend::ethereum
