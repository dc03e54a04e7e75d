#include "host/ledger/canonical.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "host/ledger/fields.hpp"
#include "stipend/decimal.hpp"
#include "stipend/hex.hpp"
#include "stipend/json.hpp"

namespace stipend::ledger {
namespace {

template <class T>
void put_int(std::string& out, T number) {
    const auto value = static_cast<std::int64_t>(number);
    const auto bits = static_cast<std::uint64_t>(value);
    // The bits that are not copies of the sign, and one for the sign. (Testing the sign bit of the shortened number
    // instead is miscompiled by gcc 12.2 from -O1 on.)
    const auto significant = static_cast<std::size_t>(std::bit_width(value < 0 ? ~bits : bits));
    const std::size_t size = value == 0 ? 0 : significant / 8 + 1;
    std::array<char, 9> bytes{};
    bytes[0] = static_cast<char>(size);
    for (std::size_t i = 0; i < size; ++i) bytes[1 + i] = static_cast<char>(bits >> (8 * (size - 1 - i)));
    out.append(bytes.data(), size + 1);
}

void put_text(std::string& out, std::string_view text) {
    put_int(out, text.size());
    out.append(text);
}

void put_bytes(std::string& out, std::span<const std::uint8_t> bytes) {
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Appends fields to the bytes that are hashed.
class Encoder {
  public:
    explicit Encoder(std::string& out) : out_(out) {}

    template <class T>
    requires(std::integral<T> || std::is_enum_v<T>) void operator()(const Field&, T value) const {
        put_int(out_, value);
    }
    template <std::integral T>
    void operator()(const Field&, const std::optional<T>& value) const {
        out_.push_back(value ? '\1' : '\0');
        if (value) put_int(out_, *value);
    }
    void operator()(const Field&, Usd usd) const { put_int(out_, usd.count_e8()); }
    void operator()(const Field&, const std::string& text) const { put_text(out_, text); }
    void operator()(const Field&, const Blob<const std::string>& value) const { put_text(out_, value.bytes); }
    void operator()(const Field&, const Hash& hash) const { put_bytes(out_, hash); }
    void operator()(const Field&, const Wei& wei) const { put_bytes(out_, wei.to_abi().be); }
    void operator()(const Field&, const SignedWei& wei) const { put_bytes(out_, wei.to_bytes()); }
    void operator()(const Field&, const stipend_memory& memory) const { put_text(out_, trimmed(memory)); }

  private:
    std::string& out_;
};

// Reads fields from the bytes that are hashed; `good` is false once one of them is malformed.
class Decoder {
  public:
    Decoder(std::string_view& left, bool& good) : left_(left), good_(good) {}

    template <class T>
    requires(std::integral<T> || std::is_enum_v<T>) void operator()(const Field&, T& value) const {
        value = static_cast<T>(integer());
    }
    template <std::integral T>
    void operator()(const Field&, std::optional<T>& value) const {
        if (take(1) == std::string_view("\1", 1)) value = static_cast<T>(integer());
    }
    void operator()(const Field&, Usd& usd) const { usd = Usd::of_e8(integer()); }
    void operator()(const Field&, std::string& text) const { text = take_text(); }
    void operator()(const Field&, const Blob<std::string>& value) const { value.bytes = take_text(); }
    void operator()(const Field&, Hash& hash) const { take_bytes(hash); }
    void operator()(const Field&, Wei& wei) const {
        stipend_u256 raw = {};
        take_bytes(raw.be);
        wei = Wei::from_abi(raw);
    }

  private:
    [[nodiscard]] std::string_view take(std::uint64_t size) const {
        good_ = good_ && size <= left_.size();
        if (!good_) return {};
        const auto out = left_.substr(0, static_cast<std::size_t>(size));
        left_.remove_prefix(out.size());
        return out;
    }
    [[nodiscard]] std::int64_t integer() const {
        const auto size = take(1);
        const auto bytes = take(size.empty() ? 0 : static_cast<std::uint8_t>(size.front()));
        if (bytes.size() > 8) good_ = false;
        if (!good_ || bytes.empty()) return 0;
        std::uint64_t bits = (static_cast<std::uint8_t>(bytes.front()) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
        for (const char byte : bytes) bits = bits << 8 | static_cast<std::uint8_t>(byte);
        return static_cast<std::int64_t>(bits);
    }
    [[nodiscard]] std::string take_text() const {
        const auto size = integer();
        return std::string(take(size < 0 ? UINT64_MAX : static_cast<std::uint64_t>(size)));
    }
    void take_bytes(std::span<std::uint8_t> out) const {
        const auto bytes = take(out.size());
        std::copy(bytes.begin(), bytes.end(), out.begin());
    }

    std::string_view& left_;
    bool& good_;
};

// Appends fields to a body of the chain.
class BodyWriter {
  public:
    explicit BodyWriter(Json& out) : out_(out) {}

    void operator()(const Field& field, const auto& value) const {
        if constexpr (std::integral<std::remove_cvref_t<decltype(value)>>) {
            if (field.unsaid && static_cast<std::int64_t>(value) == *field.unsaid) return;
        }
        out_.append(std::string(field.json.empty() ? field.column : field.json), json_of(value));
    }

  private:
    template <std::integral T>
    static Json json_of(T value) {
        return value;
    }
    static Json json_of(const std::string& text) { return text; }
    static Json json_of(const Hashed<const std::string>& value) { return hex_encode(keccak256(value.text)); }
    static Json json_of(const HashedBlob<const std::string>& value) { return hex_encode(keccak256(value.bytes)); }
    static Json json_of(PayoutState state) { return payout_state_name(state); }
    static Json json_of(const Hash& hash) { return hex_encode(hash); }
    static Json json_of(Usd usd) { return usd.count_e8(); }
    static Json json_of(const SignedWei& wei) { return wei.text(); }
    static Json json_of(Stated stated) { return stated_name(stated); }
    static Json json_of(FeeKind kind) { return fee_kind_name(kind); }

    Json& out_;
};

// Reads fields from a body of the chain; `good` is false once one of them is missing or malformed.
class BodyReader {
  public:
    BodyReader(const Json& from, bool& good) : from_(from), good_(good) {}

    void operator()(const Field& field, auto& value) const {
        const Json* member = from_.find(field.column);
        good_ = good_ && member != nullptr && read(*member, value);
    }

  private:
    static bool read(const Json& member, bool& value) {
        if (!member.is(Json::Kind::boolean)) return false;
        value = member.truth();
        return true;
    }
    static bool read(const Json& member, std::string& value) {
        if (!member.is(Json::Kind::string)) return false;
        value = member.text();
        return true;
    }
    template <std::integral T>
    static bool read(const Json& member, T& value) {
        if (!member.is(Json::Kind::number)) return false;
        const auto number = Decimal::parse(member.text());
        const auto exact = number ? number->exact_scaled(0) : Result<std::int64_t>(number.error());
        if (!exact || !std::in_range<T>(*exact)) return false;
        value = static_cast<T>(*exact);
        return true;
    }
    static bool read(const Json& member, SignedWei& wei) {
        if (!member.is(Json::Kind::string)) return false;
        const auto parsed = SignedWei::parse(member.text());
        if (parsed) wei = *parsed;
        return parsed.ok();
    }
    static bool read(const Json& member, FeeKind& kind) {
        if (!member.is(Json::Kind::string)) return false;
        for (const auto one : {FeeKind::reserved, FeeKind::added, FeeKind::closed, FeeKind::unreserved, FeeKind::called,
                               FeeKind::returned}) {
            if (fee_kind_name(one) != member.text()) continue;
            kind = one;
            return true;
        }
        return false;
    }

    const Json& from_;
    bool& good_;
};

std::optional<std::int64_t> integer_of(const Json& member) {
    if (!member.is(Json::Kind::number)) return std::nullopt;
    const auto number = Decimal::parse(member.text());
    const auto whole = number ? number->exact_scaled(0) : Result<std::int64_t>(number.error());
    return whole ? std::optional(*whole) : std::nullopt;
}

template <Listed Row>
std::string body_of(const Row& row) {
    Json body = Json::object();
    fields(row, BodyWriter(body));
    return body.dump();
}

// Of the texts that hold the same facts, only one is ever written.
template <Listed Row>
std::optional<Row> parse_body(std::string_view body) {
    const auto parsed = parse_json(body);
    if (!parsed || !parsed->is(Json::Kind::object)) return std::nullopt;
    Row row;
    bool good = true;
    fields(row, BodyReader(*parsed, good));
    return good && body_of(row) == body ? std::optional(std::move(row)) : std::nullopt;
}

}  // namespace

std::string_view trimmed(const stipend_memory& memory) {
    std::size_t size = sizeof memory.bytes;
    // Eight bytes at a time, since most memories hold a few at most.
    static_assert(sizeof memory.bytes % sizeof(std::uint64_t) == 0);
    for (std::uint64_t last = 0; size > 0; size -= sizeof last) {
        std::memcpy(&last, memory.bytes + size - sizeof last, sizeof last);
        if (last != 0) break;
    }
    while (size > 0 && memory.bytes[size - 1] == 0) --size;
    return {reinterpret_cast<const char*>(memory.bytes), size};
}

void encode_decision(std::string& out, const Decision& decision, const Hash& state_digest) {
    out.clear();
    flat_fields(decision, Encoder(out));
    put_bytes(out, state_digest);
}

std::optional<DecodedDecision> decode_decision(std::string_view body) {
    DecodedDecision out;
    auto left = body;
    bool good = true;
    const Decoder read(left, good);
    flat_fields(out.decision, read);
    read(Field{}, out.state_digest);
    // Of the bytes that hold the same decision, only one text is ever written.
    std::string again;
    if (good && left.empty()) encode_decision(again, out.decision, out.state_digest);
    return again == body && !body.empty() ? std::optional(std::move(out)) : std::nullopt;
}

void encode_state(std::string& out, const EngineState& state) {
    out.clear();
    flat_fields(state, Encoder(out));
}

std::array<std::uint8_t, 9> row_place(Seq seq, AuditKind kind) {
    std::array<std::uint8_t, 9> place{};
    for (std::size_t i = 0; i < 8; ++i) {
        place[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(seq) >> (56 - 8 * i));
    }
    place[8] = static_cast<std::uint8_t>(kind);
    return place;
}

Hash row_hash(Keccak& keccak, const Hash& previous, Seq seq, AuditKind kind, std::string_view body) {
    return keccak.add(previous).add(row_place(seq, kind)).add(body).finish();
}

std::string orchestrator_body(const Orchestrator& row, std::string_view ns) {
    Json body = Json::object();
    const BodyWriter write(body);
    fields(row, [&](const Field& field, const auto& value) {
        write(field, value);
        if (field.column == "id") body.append("namespace", ns);
    });
    return body.dump();
}

std::string network_body(const Network& row, std::string_view ns) {
    Json body = Json::object();
    fields(row, BodyWriter(body));
    return body.append("namespace", ns).dump();
}

std::string state_body(OrchestratorId orchestrator, const Hash& digest) {
    return Json::object()
        .append("orchestrator", orchestrator)
        .append("state", hex_encode(digest))
        .append("why", "new")
        .dump();
}

std::string generation_body(const Generation& row) {
    return body_of(row);
}

std::string gap_opened_body(const GapOpening& gap) {
    return body_of(gap);
}

std::string gap_closed_body(Seq gap, stipend_unix_ns to, Usd usd) {
    return Json::object().append("gap", gap).append("to", to).append("usd_e8", usd.count_e8()).dump();
}

std::string objection_body(const Objection& row) {
    return body_of(row);
}

std::string objection_answer_body(const ObjectionAnswer& row) {
    return body_of(row);
}

std::string payout_body(const Payout& row) {
    return body_of(row);
}

std::string slot_body(const Slot& row) {
    return body_of(row);
}

std::string attempt_body(const Attempt& row) {
    return body_of(row);
}

std::string payout_step_body(const PayoutStep& row) {
    return body_of(row);
}

std::string slot_end_body(const SlotEnd& row) {
    return body_of(row);
}

std::string adjustment_body(const Adjustment& row) {
    return body_of(row);
}

std::string manual_payment_body(const ManualPayment& row) {
    return body_of(row);
}

std::string pardon_body(const Pardon& row, const Hash& digest) {
    Json body = Json::object();
    fields(row, BodyWriter(body));
    return body.append("state", hex_encode(digest)).dump();
}

std::string price_body(const Price& row) {
    return body_of(row);
}

std::optional<std::int64_t> rate_of_price(std::string_view body) {
    const auto parsed = parse_json(body);
    const auto* member = parsed ? parsed->find("usd_per_eth_e8") : nullptr;
    const auto rate = member == nullptr ? std::nullopt : integer_of(*member);
    return rate && *rate > 0 ? rate : std::nullopt;
}

std::optional<NetworkId> network_of_price(std::string_view body) {
    const auto parsed = parse_json(body);
    if (!parsed) return std::nullopt;
    const auto* member = parsed->find("network");
    return member == nullptr ? std::optional<NetworkId>(0) : integer_of(*member);
}

std::string demand_body(const Demand& row, std::string_view ns) {
    Json body = Json::object();
    fields(row, BodyWriter(body));
    return body.append("namespace", ns).dump();
}

std::string fee_body(const Fee& fee) {
    return body_of(fee);
}

std::optional<Fee> parse_fee(std::string_view body) {
    return parse_body<Fee>(body);
}

std::string restored_body(const Restored& restored) {
    return body_of(restored);
}

std::optional<Restored> parse_restored(std::string_view body) {
    return parse_body<Restored>(body);
}

std::string restored_accepted_body(const RestoredAccepted& accepted) {
    return body_of(accepted);
}

std::optional<RestoredAccepted> parse_restored_accepted(std::string_view body) {
    return parse_body<RestoredAccepted>(body);
}

Hash archive_digest(const ArchiveFacts& facts, std::uint64_t chain_id) {
    std::string bytes;
    put_text(bytes, "stipend archive");
    put_int(bytes, chain_id);
    signed_fields(facts, Encoder(bytes));
    return keccak256(bytes);
}

std::string archive_body(const ArchiveFacts& facts, const Hash& digest) {
    Json body = Json::object();
    const BodyWriter write(body);
    fields(facts, [&](const Field& field, const auto& value) {
        const bool signer = field.column == "signer";
        if (signer) body.append("digest", hex_encode(digest));
        if (!signer || facts.signer != Hash{}) write(field, value);
    });
    return body.dump();
}

void closing_encode(std::string& out, const Carried& carried) {
    fields(carried, Encoder(out));
}

}  // namespace stipend::ledger
