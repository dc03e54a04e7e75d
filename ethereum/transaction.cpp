#include "ethereum/transaction.hpp"

#include <algorithm>
#include <exception>

#include "ethereum/rlp.hpp"

namespace stipend::ethereum {
namespace {

constexpr std::uint8_t type_prefix = 2;
constexpr ByteView eip1559_prefix(&type_prefix, 1);
constexpr std::uint64_t legacy_v_base = 35;  // EIP-155: v = 35 + 2 x chain id + parity
constexpr std::size_t eip1559_fields = 12;
constexpr std::size_t legacy_fields = 9;

bool is_legacy(const Transaction& transaction) {
    return transaction.type == TransactionType::legacy;
}

// The fields that are signed.
Bytes unsigned_fields(const Transaction& tx) {
    Bytes out;
    out.reserve(tx.data.size() + 256);
    if (!is_legacy(tx)) append_rlp(out, tx.chain_id);
    append_rlp(out, tx.nonce);
    if (!is_legacy(tx)) append_rlp(out, tx.max_priority_fee_per_gas);
    append_rlp(out, tx.max_fee_per_gas);
    append_rlp(out, tx.gas_limit);
    append_rlp(out, ByteView(tx.to.bytes()));
    append_rlp(out, tx.value);
    append_rlp(out, ByteView(tx.data));
    if (!is_legacy(tx)) {
        const auto no_accesses = rlp_list({});
        out.insert(out.end(), no_accesses.begin(), no_accesses.end());
    }
    return out;
}

Bytes encode(const Transaction& tx, Bytes fields) {
    return rlp_list(fields, is_legacy(tx) ? ByteView() : eip1559_prefix);
}

class FieldReader {
  public:
    explicit FieldReader(const std::vector<RlpItem>& items) : items_(items) {}

    Result<std::uint64_t> u64(std::string_view name) { return named(name, rlp_u64(next())); }
    Result<Uint256> u256(std::string_view name) { return named(name, rlp_u256(next())); }
    Result<Address> to() {
        const auto& item = next();
        if (item.list || item.text.size() != 20) {
            return fail(STIPEND_E_INVALID, "transaction: to: want an address of 20 bytes");
        }
        const auto address = Address::of(item.text.first<20>());
        if (!address) return fail(STIPEND_E_INVALID, "transaction: to: got the zero address");
        return *address;
    }
    Result<Bytes> data() {
        const auto& item = next();
        if (item.list) return fail(STIPEND_E_INVALID, "transaction: data: got a list, want bytes");
        return Bytes(item.text.begin(), item.text.end());
    }
    Result<void> no_accesses() {
        const auto& item = next();
        if (item.list && item.items.empty()) return {};
        return fail(STIPEND_E_INVALID, "transaction: access list: want an empty one");
    }

  private:
    const RlpItem& next() { return items_[at_++]; }
    template <class T>
    static Result<T> named(std::string_view name, Result<T> read) {
        if (read) return read;
        return std::move(read).error().in(cat("transaction: ", name));
    }

    const std::vector<RlpItem>& items_;
    std::size_t at_ = 0;
};

struct Read {
    Transaction transaction;
    Signature signature;
};

Result<Read> read_fields(TransactionType type, const std::vector<RlpItem>& items) {
    FieldReader fields(items);
    const bool legacy = type == TransactionType::legacy;
    std::uint64_t chain_id = 0;
    if (!legacy) STIPEND_SET(chain_id, fields.u64("chain_id"));
    STIPEND_LET(nonce, fields.u64("nonce"));
    Uint256 tip;
    if (!legacy) STIPEND_SET(tip, fields.u256("max_priority_fee_per_gas"));
    STIPEND_LET(fee, fields.u256(legacy ? "gas_price" : "max_fee_per_gas"));
    if (legacy) tip = fee;
    STIPEND_LET(gas_limit, fields.u64("gas_limit"));
    STIPEND_LET(to, fields.to());
    STIPEND_LET(value, fields.u256("value"));
    STIPEND_LET(data, fields.data());
    if (!legacy) STIPEND_TRY(fields.no_accesses());
    STIPEND_LET(v, fields.u64("v"));
    STIPEND_LET(r, fields.u256("r"));
    STIPEND_LET(s, fields.u256("s"));
    if (legacy) {
        if (v < legacy_v_base + 2) {
            return fail(STIPEND_E_INVALID, "transaction: v: got ", v, ", want one with a chain id (EIP-155)");
        }
        chain_id = (v - legacy_v_base) / 2;
    } else if (v > 1) {
        return fail(STIPEND_E_INVALID, "transaction: v: got ", v, ", want 0 or 1");
    }
    return Read{
        .transaction = {.type = type,
                        .chain_id = chain_id,
                        .nonce = nonce,
                        .max_priority_fee_per_gas = tip,
                        .max_fee_per_gas = fee,
                        .gas_limit = gas_limit,
                        .to = to,
                        .value = value,
                        .data = std::move(data)},
        .signature = {.r = to_bytes32(r), .s = to_bytes32(s), .odd = (legacy ? v - legacy_v_base : v) % 2 == 1}};
}

}  // namespace

Bytes encode_signed(const Transaction& tx, const Signature& signature) {
    auto fields = unsigned_fields(tx);
    const std::uint64_t parity = signature.odd ? 1 : 0;
    append_rlp(fields, is_legacy(tx) ? legacy_v_base + 2 * tx.chain_id + parity : parity);
    append_rlp(fields, from_bytes32(signature.r));
    append_rlp(fields, from_bytes32(signature.s));
    return encode(tx, std::move(fields));
}

Result<void> check(const Transaction& tx) {
    const auto refuse = [](std::string_view field, const auto& got, std::string_view want) {
        return fail(STIPEND_E_INVALID, "transaction: ", field, ": got ", got, ", want ", want);
    };
    if (tx.chain_id == 0 || tx.chain_id > max_chain_id) return refuse("chain_id", tx.chain_id, "1 to 2^53");
    if (tx.nonce == UINT64_MAX) return refuse("nonce", tx.nonce, "less than 2^64-1");
    if (tx.max_fee_per_gas < tx.max_priority_fee_per_gas) {
        return refuse("max_priority_fee_per_gas", tx.max_priority_fee_per_gas.text(), "at most max_fee_per_gas");
    }
    if (is_legacy(tx) && !(tx.max_fee_per_gas == tx.max_priority_fee_per_gas)) {
        return refuse("max_priority_fee_per_gas", tx.max_priority_fee_per_gas.text(), "the gas price");
    }
    if (tx.data.size() > max_data_bytes) return refuse("data", cat(tx.data.size(), " bytes"), "at most 96 KiB");
    return {};
}

Hash256 signing_hash(const Transaction& tx) {
    auto fields = unsigned_fields(tx);
    if (is_legacy(tx)) {
        append_rlp(fields, tx.chain_id);
        append_rlp(fields, std::uint64_t{0});
        append_rlp(fields, std::uint64_t{0});
    }
    return keccak256(ByteView(encode(tx, std::move(fields))));
}

Result<Uint256> max_gas_cost(const Transaction& tx) {
    try {
        return Uint256(CheckedU256(tx.max_fee_per_gas.value() * tx.gas_limit));
    } catch (const std::exception&) {
        return fail(STIPEND_E_LIMIT, "transaction: gas_limit x max_fee_per_gas is beyond 2^256-1");
    }
}

Result<SignedTransaction> sign(Transaction transaction, const PrivateKey& key) {
    STIPEND_TRY(check(transaction));
    const auto signature = key.sign(signing_hash(transaction));
    auto raw = encode_signed(transaction, signature);
    const auto hash = keccak256(ByteView(raw));
    return SignedTransaction{.transaction = std::move(transaction),
                             .signature = signature,
                             .sender = key.address(),
                             .hash = hash,
                             .raw = std::move(raw)};
}

Result<SignedTransaction> decode_signed(ByteView raw) {
    if (raw.empty()) return fail(STIPEND_E_INVALID, "transaction: got no bytes");
    const bool legacy = raw.front() != type_prefix;
    if (legacy && raw.front() < 0xc0) {
        return fail(STIPEND_E_INVALID, "transaction: got type ", static_cast<unsigned>(raw.front()),
                    ", want 2 or a legacy one");
    }
    const RlpLimits limits{.bytes = max_raw_bytes, .depth = 2, .items = eip1559_fields + 1};
    STIPEND_LET(list, parse_rlp(legacy ? raw : raw.subspan(1), limits));
    const auto want = legacy ? legacy_fields : eip1559_fields;
    if (!list.list || list.items.size() != want) {
        return fail(STIPEND_E_INVALID, "transaction: want a list of ", want, " fields");
    }
    STIPEND_LET(read, read_fields(legacy ? TransactionType::legacy : TransactionType::eip1559, list.items));
    STIPEND_TRY(check(read.transaction));
    if (!is_low_s(read.signature)) return fail(STIPEND_E_INVALID, "transaction: s: want the lower one (EIP-2)");
    const auto sender = recover(signing_hash(read.transaction), read.signature);
    if (!sender) return fail(STIPEND_E_INVALID, "transaction: no key can have made its signature");
    // What was read and what it is written as are the same, or a rule is missing above.
    STIPEND_ASSERT(std::ranges::equal(encode_signed(read.transaction, read.signature), raw));
    return SignedTransaction{.transaction = std::move(read.transaction),
                             .signature = read.signature,
                             .sender = *sender,
                             .hash = keccak256(raw),
                             .raw = Bytes(raw.begin(), raw.end())};
}

std::string_view payload_difference(const Transaction& a, const Transaction& b) {
    if (a.chain_id != b.chain_id) return "chain_id";
    if (a.nonce != b.nonce) return "nonce";
    if (a.to != b.to) return "to";
    if (!(a.value == b.value)) return "value";
    if (a.data != b.data) return "data";
    return {};
}

}  // namespace stipend::ethereum
