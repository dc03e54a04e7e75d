// `stipend ledger head`, `proof` and `check-proof`: what the ledger has signed, and what a payee proves by it.
#include <fmt/format.h>
#include <unistd.h>

#include "host/base/file.hpp"
#include "host/base/printable.hpp"
#include "host/base/time.hpp"
#include "host/cli/commands.hpp"
#include "host/engine/head_signer.hpp"
#include "host/ledger/decision_json.hpp"
#include "host/ledger/decision_proof.hpp"
#include "host/ledger/head_file.hpp"
#include "host/runtime/role.hpp"
#include "stipend/hex.hpp"

namespace stipend::cli {
namespace {

constexpr std::uintmax_t most_proof_bytes = 8u << 20;

Result<ledger::ProvenDecision> read_proof(const ProofOptions& options) {
    STIPEND_LET(text, options.file == "-" ? read_all(STDIN_FILENO, most_proof_bytes)
                                          : read_file(options.file, most_proof_bytes));
    STIPEND_LET(json, parse_json(text));
    STIPEND_LET(proven, ledger::check_decision_proof(json));
    const auto signer = hex_encode(proven.head.signature.signer);
    if (!options.signer.empty() && options.signer != signer) {
        return fail(STIPEND_E_INVALID, "signed by ", signer, ", want ", clip(options.signer, 128));
    }
    return proven;
}

}  // namespace

int ledger_head(const Common& common) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, common, status);
    if (!settings) return status;
    const auto file = engine::HeadSigner::file_of(*settings);
    const auto head = ledger::last_head(file);
    if (!head) return print_error(head.error());
    if (!*head) return print_error(fail(STIPEND_E_STATE, "no head is signed yet: ", file.native()));
    const auto& [newest, signature] = **head;
    if (common.json) {
        fmt::print("{}\n", ledger::to_json(**head).dump());
    } else {
        fmt::print("rows {} to {}, signed at {} by {}\nhead {}:{}\n", newest.first, newest.last, utc_text(newest.at),
                   hex_encode(signature.signer), newest.last, hex_encode(newest.hash));
    }
    return exit_good;
}

int ledger_proof(const ProofOptions& options) {
    int status = exit_good;
    const auto settings = settings_for(Reads::ledger, options.common, status);
    if (!settings) return status;
    const auto opened = open_ledger(*settings, ledger::Access::read_only);
    if (!opened) return print_error(opened.error());
    const auto proof =
        ledger::prove_decision(**opened, engine::HeadSigner::file_of(*settings), options.orchestrator, options.epoch);
    if (!proof) return print_error(proof.error());
    if (!*proof) {
        return print_error(fail(STIPEND_E_INVALID, "no decision on epoch ", options.epoch, " of ",
                                printable_line(options.orchestrator), " is here"));
    }
    fmt::print("{}\n", (*proof)->dump());
    return exit_good;
}

int ledger_check_proof(const ProofOptions& options) {
    const auto proven = read_proof(options);
    if (!proven) return print_error(proven.error());
    const auto& head = proven->head.head;
    const auto signer = hex_encode(proven->head.signature.signer);
    const auto decision = ledger::decision_json({proven->seq, proven->orchestrator, proven->decision});
    if (options.common.json) {
        fmt::print("{}\n", Json::object()
                               .append("decision", decision)
                               .append("seq", proven->seq)
                               .append("network", head.chain_id)
                               .append("signed_at", utc_text(head.at))
                               .append("signer", signer)
                               .dump());
        return exit_good;
    }
    fmt::print("{}\nrow {} of the ledger on network {}, signed at {} by {}\n", decision.dump(), proven->seq,
               head.chain_id, utc_text(head.at), signer);
    if (options.signer.empty()) fmt::print("compare that key with the one that the payer has published\n");
    return exit_good;
}

}  // namespace stipend::cli
