#include "host/ledger/signed_head.hpp"

#include <algorithm>

#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "stipend/decimal.hpp"
#include "stipend/hex.hpp"

namespace stipend::ledger {
namespace {

constexpr std::size_t max_path = 64;
constexpr std::size_t max_proof_body = max_text_bytes;

// Reads the members of an object; remembers the first one that is missing or malformed.
class MemberReader {
  public:
    explicit MemberReader(const Json& json) : json_(json) {}

    template <std::integral Number>
    MemberReader& number(std::string_view name, Number& out) {
        const auto* member = json_.find(name);
        if (member == nullptr || !member->is(Json::Kind::number)) return wrong(name, "a whole number");
        const auto parsed = Decimal::parse(member->text());
        const auto exact = parsed ? parsed->exact_scaled(0) : Result<std::int64_t>(parsed.error());
        if (!exact || !std::in_range<Number>(*exact)) return wrong(name, "a whole number");
        out = static_cast<Number>(*exact);
        return *this;
    }
    MemberReader& bytes(std::string_view name, std::span<std::uint8_t> out) {
        const auto* member = json_.find(name);
        const bool good = member != nullptr && member->is(Json::Kind::string) && hex_decode(member->text(), out);
        return good ? *this : wrong(name, cat(2 * out.size(), " hex digits"));
    }
    MemberReader& time(std::string_view name, stipend_unix_ns& out) {
        const auto* member = json_.find(name);
        if (member == nullptr || !member->is(Json::Kind::string)) return wrong(name, "a time");
        const auto at = parse_utc(member->text());
        if (!at || utc_text(*at) != member->text()) return wrong(name, "a time such as 2026-11-22T06:00:00.000Z");
        out = *at;
        return *this;
    }
    [[nodiscard]] const Result<void>& result() const { return result_; }

  private:
    MemberReader& wrong(std::string_view name, std::string_view want) {
        if (result_) result_ = fail(STIPEND_E_INVALID, "\"", name, "\": want ", want);
        return *this;
    }
    const Json& json_;
    Result<void> result_;
};

// The tree over rows first..last, and what the chain is at its ends.
struct Stretch {
    MerkleTree tree;
    Seq first = 0;
    Seq last = 0;
    Hash hash = {};
};

// Reads the rows behind `after`, at most to `last`, and checks that each follows from the one before. `previous`: the
// chain's hash at `after`; none: not known, then the first row counts as it is.
Result<Stretch> read_stretch(Ledger& book, Seq after, Seq last, std::optional<Hash> previous,
                             const std::function<void(const ChainRow&)>& look) {
    Stretch out;
    Keccak keccak;
    STIPEND_TRY(book.chain(after, last, [&](const ChainRow& row) -> Result<void> {
        if (out.first == 0) out.first = row.seq;
        const bool follows = out.last == 0 || row.seq == out.last + 1;
        if (!follows || (previous && row_hash(keccak, *previous, row.seq, row.kind, row.body) != row.hash)) {
            return fail(STIPEND_E_INVALID, "ledger: audit seq ", row.seq,
                        " does not follow from the row before: run `stipend ledger verify` for details");
        }
        previous = row.hash;
        out.last = row.seq;
        out.hash = row.hash;
        out.tree.add(leaf_of(row.seq, row.kind, row.body));
        if (look) look(row);
        return {};
    }));
    return out;
}

}  // namespace

std::string head_text(const TreeHead& head) {
    return cat("stipend ledger head 1\nnetwork ", head.chain_id, "\nrows ", head.first, " to ", head.last, "\nat ",
               utc_text(head.at), "\nchain ", hex_encode(head.hash), "\nroot ", hex_encode(head.root), "\nprevious ",
               hex_encode(head.previous), "\n");
}

Hash digest_of(const TreeHead& head) {
    return sha256(head_text(head));
}

std::string leaf_of(Seq seq, AuditKind kind, std::string_view body) {
    const auto place = row_place(seq, kind);
    std::string out(reinterpret_cast<const char*>(place.data()), place.size());
    return out.append(body);
}

Json to_json(const SignedHead& signed_head) {
    const auto& [head, signature] = signed_head;
    return Json::object()
        .append("version", 1)
        .append("network", head.chain_id)
        .append("first", head.first)
        .append("last", head.last)
        .append("at", utc_text(head.at))
        .append("chain", hex_encode(head.hash))
        .append("root", hex_encode(head.root))
        .append("previous", hex_encode(head.previous))
        .append("signer", hex_encode(signature.signer))
        .append("signature", hex_encode(signature.signature));
}

Result<SignedHead> parse_signed_head(const Json& json) {
    SignedHead out;
    auto& [head, signature] = out;
    int version = 0;
    STIPEND_TRY(MemberReader(json)
                    .number("version", version)
                    .number("network", head.chain_id)
                    .number("first", head.first)
                    .number("last", head.last)
                    .time("at", head.at)
                    .bytes("chain", head.hash)
                    .bytes("root", head.root)
                    .bytes("previous", head.previous)
                    .bytes("signer", signature.signer)
                    .bytes("signature", signature.signature)
                    .result());
    if (version != 1) return fail(STIPEND_E_INVALID, "\"version\": got ", version, ", want 1");
    if (head.first < 1 || head.last < head.first || head.last - head.first >= max_tree_rows) {
        return fail(STIPEND_E_INVALID, "rows ", head.first, " to ", head.last, ": want 1 to ", max_tree_rows, " rows");
    }
    if (!verify_signature(digest_of(head), signature.signer, signature.signature)) {
        return fail(STIPEND_E_INVALID, "the signature of the head of rows ", head.first, " to ", head.last,
                    " is not its signer's");
    }
    return out;
}

Result<std::optional<SignedHead>> make_head(Ledger& book, const std::filesystem::path& file, std::uint64_t chain_id,
                                            const std::optional<SignedHead>& previous, stipend_unix_ns now) {
    const auto after = previous ? previous->head.last : Seq{0};
    const auto known = previous ? std::optional(previous->head.hash) : std::nullopt;
    STIPEND_LET(end, book.head());
    if (end.seq < after) {
        return fail(STIPEND_E_INVALID, "ledger: it ends at audit seq ", end.seq,
                    ", before the head that was signed last, of seq ", after);
    }
    STIPEND_LET(stretch, read_stretch(book, after, after + max_tree_rows, known, {}));
    if (stretch.tree.size() == 0) return std::optional<SignedHead>();
    if (previous && stretch.first != after + 1) {
        return fail(STIPEND_E_INVALID, "ledger: audit seq ", after + 1,
                    " is in no file that is here, so that no head can follow: is an archive missing?");
    }
    SignedHead out;
    out.head = {.chain_id = chain_id,
                .first = stretch.first,
                .last = stretch.last,
                .at = floor_ms(now),
                .hash = stretch.hash,
                .root = stretch.tree.root(),
                .previous = previous ? digest_of(previous->head) : Hash{}};
    STIPEND_SET(out.signature, sign_digest(file, digest_of(out.head)));
    return std::optional(out);
}

Result<RowProof> prove(Ledger& book, const SignedHead& signed_head, Seq seq) {
    const auto& head = signed_head.head;
    if (seq < head.first || seq > head.last) {
        return fail(STIPEND_E_INVALID, "audit seq ", seq, " is not below the head of rows ", head.first, " to ",
                    head.last);
    }
    RowProof out{.head = signed_head, .seq = seq};
    STIPEND_LET(stretch, read_stretch(book, head.first - 1, head.last, {}, [&](const ChainRow& row) {
                    if (row.seq != seq) return;
                    out.kind = row.kind;
                    out.body = row.body;
                }));
    if (stretch.first != head.first || stretch.last != head.last || stretch.hash != head.hash ||
        stretch.tree.root() != head.root) {
        return fail(STIPEND_E_INVALID, "ledger: rows ", head.first, " to ", head.last,
                    " are not those that were signed: run `stipend ledger verify` for details");
    }
    out.path = stretch.tree.path(static_cast<std::size_t>(seq - head.first));
    return out;
}

Json to_json(const RowProof& proof) {
    auto path = Json::array();
    for (const auto& hash : proof.path) path.push(hex_encode(hash));
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(proof.body.data());
    return Json::object()
        .append("seq", proof.seq)
        .append("kind", static_cast<int>(proof.kind))
        .append("body", hex_encode(std::span(bytes, proof.body.size())))
        .append("path", std::move(path))
        .append("head", to_json(proof.head));
}

Result<RowProof> parse_row_proof(const Json& json) {
    RowProof out;
    std::uint8_t kind = 0;
    STIPEND_TRY(MemberReader(json).number("seq", out.seq).number("kind", kind).result());
    out.kind = static_cast<AuditKind>(kind);
    const auto* body = json.find("body");
    const auto bytes = body != nullptr && body->is(Json::Kind::string) && body->text().size() <= 2 * max_proof_body
                           ? hex_decode(body->text())
                           : std::nullopt;
    if (!bytes) return fail(STIPEND_E_INVALID, "\"body\": want hex digits");
    out.body.assign(bytes->begin(), bytes->end());
    const auto* path = json.find("path");
    if (path == nullptr || !path->is(Json::Kind::array) || path->items().size() > max_path) {
        return fail(STIPEND_E_INVALID, "\"path\": want at most ", max_path, " hashes");
    }
    for (const auto& item : path->items()) {
        if (!hex_decode(item.text(), out.path.emplace_back())) {
            return fail(STIPEND_E_INVALID, "\"path\": want hashes of 64 hex digits");
        }
    }
    const auto* head = json.find("head");
    if (head == nullptr) return fail(STIPEND_E_INVALID, "\"head\": is missing");
    STIPEND_SET(out.head, parse_signed_head(*head));
    const auto& covers = out.head.head;
    if (out.seq < covers.first || out.seq > covers.last) {
        return fail(STIPEND_E_INVALID, "row ", out.seq, " is not below the head of rows ", covers.first, " to ",
                    covers.last);
    }
    const auto root =
        MerkleTree::root_by(leaf_of(out.seq, out.kind, out.body), static_cast<std::uint64_t>(out.seq - covers.first),
                            static_cast<std::uint64_t>(covers.last - covers.first) + 1, out.path);
    if (root != covers.root) {
        return fail(STIPEND_E_INVALID, "row ", out.seq, ": its path does not lead to the root that was signed");
    }
    return out;
}

}  // namespace stipend::ledger
