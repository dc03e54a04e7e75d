#include "host/ledger/decision_proof.hpp"

#include "host/ledger/head_file.hpp"

namespace stipend::ledger {
namespace {

Result<RowProof> prove_row(Ledger& book, const std::filesystem::path& heads, Seq seq) {
    STIPEND_LET(head, head_over(heads, seq));
    if (!head) return fail(STIPEND_E_BUSY, "audit seq ", seq, " is below no signed head yet");
    return prove(book, *head, seq);
}

}  // namespace

Result<std::optional<Json>> prove_decision(Ledger& book, const std::filesystem::path& heads,
                                           std::string_view orchestrator, std::uint64_t epoch) {
    STIPEND_LET(place, book.place_of(orchestrator, epoch));
    if (!place) return std::optional<Json>();
    auto rows = Json::array();
    for (const auto seq : {place->orchestrator, place->decision}) {
        STIPEND_LET(proof, prove_row(book, heads, seq));
        rows.push(to_json(proof));
    }
    return std::optional(Json::object().append("rows", std::move(rows)));
}

Result<ProvenDecision> check_decision_proof(const Json& proof) {
    const auto* rows = proof.find("rows");
    if (rows == nullptr || rows->items().size() != 2) return fail(STIPEND_E_INVALID, "\"rows\": want two");
    STIPEND_LET(about, parse_row_proof(rows->items().front()));
    STIPEND_LET(row, parse_row_proof(rows->items().back()));
    const auto decoded = row.kind == AuditKind::decision ? decode_decision(row.body) : std::nullopt;
    if (!decoded) return fail(STIPEND_E_INVALID, "row ", row.seq, " is no decision");
    const auto body = about.kind == AuditKind::orchestrator ? parse_json(about.body) : Result<Json>(Json());
    const auto* id = body ? body->find("id") : nullptr;
    const auto* key = body ? body->find("key") : nullptr;
    if (id == nullptr || key == nullptr || id->text() != cat(decoded->decision.orchestrator)) {
        return fail(STIPEND_E_INVALID, "row ", about.seq, " is not of orchestrator ", decoded->decision.orchestrator);
    }
    if (about.head.signature.signer != row.head.signature.signer ||
        about.head.head.chain_id != row.head.head.chain_id) {
        return fail(STIPEND_E_INVALID, "the rows are of two ledgers");
    }
    return ProvenDecision{
        .seq = row.seq, .orchestrator = key->text(), .decision = decoded->decision, .head = std::move(row.head)};
}

}  // namespace stipend::ledger
