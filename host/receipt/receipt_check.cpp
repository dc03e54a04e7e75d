// Checks receipts and statements offline: what they say themselves, and whose signature they have.
#include <charconv>
#include <map>

#include "host/auth/eth_signature.hpp"
#include "host/base/printable.hpp"
#include "host/ledger/merkle.hpp"
#include "host/receipt/item.hpp"
#include "host/receipt/receipt.hpp"
#include "host/receipt/statement.hpp"
#include "stipend/hex.hpp"

namespace stipend::receipt {
namespace {

constexpr std::size_t most_shown_problems = 10;
constexpr JsonLimits document_limits{.bytes = max_document_bytes, .depth = 32, .nodes = 2'000'000};

std::string text_in(const Json& object, std::string_view name) {
    const auto* member = object.find(name);
    return member == nullptr ? std::string() : member->text();
}

std::uint64_t number_in(const Json& object, std::string_view name) {
    const auto text = text_in(object, name);
    std::uint64_t out = 0;
    const auto end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, out);
    return error == std::errc() && at == end ? out : 0;
}

class ItemsCheck {
  public:
    ItemsCheck(const Json& body, Checked& out) : body_(body), out_(out) {}

    Result<void> run(const Json& items) {
        for (const auto& item : items.items()) {
            tree_.add(item.dump());
            if (const auto done = add(item); !done) problem(done.error().message);
        }
        const auto count = number_in(body_, "items");
        if (items.items().size() != count) {
            problem(cat("the list has ", items.items().size(), " items, the receipt is for ", count));
        }
        const auto root = hex_encode(tree_.root());
        if (root != text_in(body_, "items_root")) {
            problem(cat("the items are not those that were signed: their root is ", root, ", want ",
                        text_in(body_, "items_root")));
        }
        compare("decisions", totals_.decisions);
        compare("adjustments", totals_.adjustments);
        compare("payments", totals_.payments);
        STIPEND_LET(sum, totals_.sum());
        if (sum.text() != text_in(body_, "wei")) {
            problem(cat("the items sum to ", sum.text(), " wei, the receipt is for ", text_in(body_, "wei")));
        }
        return {};
    }

  private:
    void problem(std::string text) { out_.problems.push_back(std::move(text)); }

    void compare(std::string_view kind, const Part& part) {
        const auto want = text_in(body_, cat(kind, "_wei"));
        if (part.count == number_in(body_, kind) && part.wei.text() == want) return;
        problem(cat("the list has ", part.count, " ", kind, " of ", part.wei.text(), " wei, the receipt is for ",
                    text_in(body_, kind), " of ", want));
    }

    Result<void> add(const Json& item) {
        const auto kind = text_in(item, "kind");
        if (kind == formula_kind) {
            by_host_[text_in(item, "generation")] = text_in(item, "amounts") == "host";
            return {};
        }
        if (kind == elsewhere_kind) return pass_elsewhere(item);
        STIPEND_LET(wei, SignedWei::parse(text_in(item, "wei")));
        if (kind == adjustment_kind) return totals_.adjustments.add(wei);
        if (kind == payment_kind) return totals_.payments.add(wei);
        if (kind != decision_kind) return fail(STIPEND_E_INVALID, "an item of the kind ", clip(kind, 40));
        check_epoch(item);
        STIPEND_TRY(check_amount(item, wei));
        return totals_.decisions.add(wei);
    }

    // While the orchestrator was on another network, what was decided is owed there: the payer signs for which it was.
    Result<void> pass_elsewhere(const Json& item) {
        const auto from = number_in(item, "from_epoch");
        const auto to = number_in(item, "to_epoch");
        if (last_epoch_ == 0 || from != last_epoch_ + 1 || to < from) {
            problem(cat("epochs ", text_in(item, "from_epoch"), " to ", text_in(item, "to_epoch"),
                        " of another network follow epoch ", last_epoch_));
        }
        last_epoch_ = std::max(last_epoch_, to);
        return {};
    }

    // Decisions of one orchestrator are numbered without gaps.
    void check_epoch(const Json& item) {
        const auto epoch = number_in(item, "epoch");
        if (epoch == 0 || (last_epoch_ != 0 && epoch != last_epoch_ + 1)) {
            problem(cat("epoch ", text_in(item, "epoch"), " follows epoch ", last_epoch_, ": a decision is missing"));
        }
        last_epoch_ = epoch;
    }

    // The host rounds down once, so the wei follow from dollars and rate.
    Result<void> check_amount(const Json& item, const SignedWei& wei) {
        const auto formula = by_host_.find(text_in(item, "formula"));
        if (formula == by_host_.end()) {
            return fail(STIPEND_E_INVALID, "epoch ", last_epoch_, ": its formula is not listed");
        }
        if (!formula->second) return {};
        STIPEND_LET(usd, Usd::parse(text_in(item, "usd")));
        if (usd.zero() && wei.zero()) return {};
        STIPEND_LET(rate, Decimal::parse(text_in(item, "usd_per_eth")));
        STIPEND_LET(rate_e8, rate.exact_scaled(8));
        const bool token = body_.find("decimals") != nullptr;
        const auto decimals = token ? number_in(body_, "decimals") : ledger::coin_decimals;
        if (decimals > ledger::max_decimals) return fail(STIPEND_E_INVALID, "decimals: got ", decimals);
        STIPEND_LET(want, usd_to_units(usd.count_e8(), {}, rate_e8, static_cast<std::uint32_t>(decimals)));
        if (want.text() != wei.text()) {
            problem(cat("epoch ", last_epoch_, ": got ", wei.text(), " wei for ", usd.text(), " USD at ", rate.text(),
                        token ? " USD for one, want " : " USD per ETH, want ", want.text()));
        }
        return {};
    }

    const Json& body_;
    Checked& out_;
    ledger::MerkleTree tree_;
    Totals totals_;
    std::map<std::string, bool> by_host_;  // of each formula, whether the host converts
    std::uint64_t last_epoch_ = 0;
};

}  // namespace

Result<void> check_signer(Checked& out, std::string_view text, std::string_view signature, std::string_view address) {
    const auto recovered = auth::recover_personal_sign(text, signature);
    if (!recovered) {
        out.problems.push_back(cat("its signature is none: ", auth::name_of(recovered.fault())));
    } else if (recovered->text() != out.signer) {
        out.problems.push_back(
            cat("its signature is by ", recovered->text(), " or of another text, want one by ", clip(out.signer, 64)));
    }
    if (address.empty()) return {};
    const auto want = ethereum::Address::parse(address);
    if (!want) return fail(STIPEND_E_INVALID, "not an address: ", clip(address, 64));
    if (want->text() != out.signer) {
        out.problems.push_back(cat("it names the signer ", clip(out.signer, 64), ", want ", want->text()));
    }
    return {};
}

Result<Checked> check_receipt(const Json& document, std::string_view address) {
    const auto* body = document.find("receipt");
    const auto* signature = document.find("signature");
    const auto* items = document.find("items");
    if (body == nullptr || signature == nullptr || items == nullptr || text_in(*body, "kind") != "stipend receipt") {
        return fail(STIPEND_E_INVALID, "not a receipt: want an object with \"receipt\", \"signature\" and \"items\"");
    }
    if (text_in(*body, "version") != "1") {
        return fail(STIPEND_E_INVALID, "receipt of version ", clip(text_in(*body, "version"), 40), ", want 1");
    }
    Checked out{.what = cat("receipt of payout ", text_in(*body, "payout"), " of ", text_in(*body, "orchestrator"),
                            " on network ", text_in(*body, "network"), ": ", text_in(*body, "wei"), " wei to ",
                            text_in(*body, "to"), " by transaction ", text_in(*body, "transaction"), ", for ",
                            text_in(*body, "decisions"), " decisions"),
                .signer = text_in(*body, "signer")};
    STIPEND_TRY(check_signer(out, body->dump(), signature->text(), address));
    if (items->is(Json::Kind::null) && number_in(*body, "items") > max_listed_items) {
        out.what += "; they are too many to be listed, so that their sum is not checked";
    } else if (!items->is(Json::Kind::array)) {
        out.problems.push_back("it lists no items");
    } else {
        STIPEND_TRY(ItemsCheck(*body, out).run(*items));
    }
    if (out.problems.size() > most_shown_problems) {
        const auto more = out.problems.size() - most_shown_problems;
        out.problems.resize(most_shown_problems);
        out.problems.push_back(cat("and ", more, " more"));
    }
    return out;
}

Result<Checked> check_document(std::string_view text, std::string_view address) {
    if (!text.starts_with('{')) return check_statement_text(text, address);
    STIPEND_LET(document, parse_json(text, document_limits));
    return document.find("statement") != nullptr ? check_statement(document, address)
                                                 : check_receipt(document, address);
}

}  // namespace stipend::receipt
