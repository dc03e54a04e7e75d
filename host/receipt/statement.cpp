#include "host/receipt/statement.hpp"

#include "host/base/time.hpp"
#include "stipend/ascii.hpp"

namespace stipend::receipt {
namespace {

constexpr std::size_t day_characters = 10;  // of a time's text

Error too_many_rows(std::string_view what) {
    return fail(STIPEND_E_LIMIT, "the statement has more than ", max_statement_rows, " ", what,
                ": `stipend ledger export` has all of them");
}

// Adds up what an account got before, in and behind a month.
class Adder {
  public:
    explicit Adder(Statement& out) : out_(out) {}

    // What changed the balance up to the end of all that was passed.
    [[nodiscard]] const SignedWei& change() const { return change_; }

    Result<void> add(const ledger::AccountLine& line) {
        Totals one;
        STIPEND_TRY(add_to(one, line));
        STIPEND_LET(wei, one.sum());
        STIPEND_SET(change_, change_.plus(wei));
        const auto at = time_of(line);
        if (at < out_.month.from) return plus(out_.opening, wei);
        if (at >= out_.month.to) return {};
        STIPEND_TRY(plus(out_.closing, wei));
        STIPEND_TRY(add_to(out_.totals, line));
        return list(line, wei);
    }

    Result<void> add(const ledger::PayoutFacts& payout) {
        const auto& month = out_.month;
        const bool over = ledger::is_over(payout.state);
        if (payout.row.at < month.to && (!over || payout.last.at >= month.to)) {
            STIPEND_TRY(plus(out_.in_flight, payout.row.wei));
        }
        if (payout.state != ledger::PayoutState::paid) return {};
        STIPEND_LET(less, payout.row.wei.negated());
        STIPEND_SET(change_, change_.plus(less));
        if (payout.last.at < month.from) return plus(out_.opening, less);
        if (payout.last.at >= month.to) return {};
        if (out_.paid.size() == max_statement_rows) return too_many_rows("payouts");
        out_.paid.push_back(payout);
        STIPEND_TRY(plus(out_.paid_wei, payout.row.wei));
        return plus(out_.closing, less);
    }

  private:
    static Result<void> plus(SignedWei& to, const SignedWei& wei) {
        STIPEND_SET(to, to.plus(wei));
        return {};
    }
    static stipend_unix_ns time_of(const ledger::AccountLine& line) {
        if (line.adjustment != nullptr) return line.adjustment->at;
        if (line.payment != nullptr) return line.payment->at;
        return line.decision != nullptr ? line.decision->decided_at : 0;
    }
    Result<void> list(const ledger::AccountLine& line, const SignedWei& wei) {
        if (line.decision == nullptr) {
            auto& rows = line.adjustment != nullptr ? out_.adjustments : out_.payments;
            if (rows.size() == max_statement_rows) {
                return too_many_rows(line.adjustment != nullptr ? "adjustments" : "manual payments");
            }
            rows.push_back(item_of(line));
            return {};
        }
        auto& day = out_.days[utc_text(line.decision->decided_at).substr(0, day_characters)];
        ++day.decisions;
        if (!wei.zero()) ++day.with_pay;
        STIPEND_SET(day.usd, day.usd.plus(line.decision->usd));
        return plus(day.wei, wei);
    }

    Statement& out_;
    SignedWei change_ = {};
};

}  // namespace

Result<Month> parse_month(std::string_view text) {
    const auto refuse = [&] {
        return fail(STIPEND_E_INVALID, "not a month: \"", clip(text, 40),
                    "\": want one such as 2026-11, from 1970-01 on");
    };
    constexpr std::size_t dash = 4;
    const bool shaped = text.size() == 7 && text[dash] == '-' && [&] {
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (at != dash && !ascii::is_digit(text[at])) return false;
        }
        return true;
    }();
    if (!shaped) return refuse();
    const int year = std::stoi(std::string(text.substr(0, dash)));
    const int month = std::stoi(std::string(text.substr(dash + 1)));
    if (month < 1 || month > 12) return refuse();
    const auto first_of = [](int in_year, int in_month) {
        return parse_utc(cat(in_year, in_month < 10 ? "-0" : "-", in_month, "-01T00:00:00Z"));
    };
    const auto from = first_of(year, month);
    const auto to = month == 12 ? first_of(year + 1, 1) : first_of(year, month + 1);
    if (!from || !to) return refuse();
    return Month{.name = std::string(text), .from = *from, .to = *to};
}

Result<Format> parse_format(std::string_view text) {
    if (text == "json") return Format::json;
    if (text == "csv") return Format::csv;
    if (text == "html") return Format::html;
    return fail(STIPEND_E_INVALID, "format: got \"", clip(text, 40), "\", want json, csv or html");
}

std::string_view content_type(Format format) {
    switch (format) {
        case Format::csv:
            return "text/csv; charset=utf-8";
        case Format::html:
            return "text/html; charset=utf-8";
        case Format::json:
            break;
    }
    return "application/json";
}

Result<std::optional<Statement>> make_statement(ledger::Ledger& book, const ledger::Namespace& ns,
                                                std::string_view orchestrator, std::string_view network,
                                                const Month& month, stipend_unix_ns now) {
    std::optional<ledger::NetworkId> on;
    if (!network.empty()) {
        STIPEND_LET(known, book.networks());
        auto named = network_named(known, network);
        if (!named) return std::move(named).error().in("network");
        on = *named;
    }
    Statement out{.orchestrator = std::string(orchestrator), .ns = ns, .month = month, .complete = now >= month.to};
    Adder adder(out);
    STIPEND_LET(span, book.account(orchestrator, on, month.from, month.to,
                                   [&](const ledger::AccountLine& line) { return adder.add(line); }));
    if (!span) return std::optional<Statement>();
    out.network = span->network;
    for (const auto& payout : span->payouts) STIPEND_TRY(adder.add(payout));
    // The two ends are recorded apart from the rows between them.
    STIPEND_LET(end, span->unpaid_before.plus(adder.change()));
    if (end != span->unpaid_after) {
        return fail(STIPEND_E_INVALID, "ledger: the account of ", orchestrator, " does not add up: got ", end.text(),
                    " wei, want ", span->unpaid_after.text(), ": run `stipend ledger verify` for details");
    }
    STIPEND_SET(out.opening, out.opening.plus(span->unpaid_before));
    STIPEND_SET(out.closing, out.closing.plus(out.opening));
    STIPEND_LET(earned, out.totals.sum());
    STIPEND_LET(all, out.opening.plus(earned));
    STIPEND_LET(rest, all.minus(out.paid_wei));
    STIPEND_ASSERT(rest == out.closing);
    return std::optional(std::move(out));
}

}  // namespace stipend::receipt
