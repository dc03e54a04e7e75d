// The three forms of a statement, and how each is signed.
//
// What is signed is the SHA-256 of the text of the member "statement" (JSON), or of all bytes ahead of the signature's
// own line (CSV, HTML).
#include <array>

#include "host/api/csv.hpp"
#include "host/base/html.hpp"
#include "host/base/printable.hpp"
#include "host/base/sha256.hpp"
#include "host/base/time.hpp"
#include "host/ledger/merkle.hpp"
#include "host/receipt/statement.hpp"
#include "stipend/hex.hpp"

namespace stipend::receipt {
namespace {

constexpr std::string_view csv_signature = "\r\nsignature,";
constexpr std::string_view html_signature = "\n<footer>";
constexpr std::string_view month_not_over = "; the month was not over when this was made";
constexpr std::string_view html_begin = "<!doctype html>";

std::string signed_text(std::string_view bytes) {
    return cat("stipend: statement\nSHA-256: ", sha256_hex(bytes));
}

Json number_of(const SignedWei& wei) {
    return Json::of_number(wei.text());
}

std::string transaction_of(const ledger::PayoutFacts& payout) {
    return "0x" + hex_encode(payout.end.id);
}

Json payout_json(const ledger::PayoutFacts& payout) {
    return Json::object()
        .append("payout", payout.row.id)
        .append("to", payout.row.to)
        .append("wei", payout.row.wei.text())
        .append("payer", payout.slot.payer)
        .append("nonce", payout.slot.nonce)
        .append("transaction", transaction_of(payout))
        .append("block", payout.end.block)
        .append("paid_at", utc_text(payout.last.at));
}

Json array_from(const std::vector<Json>& rows) {
    auto out = Json::array();
    for (const auto& row : rows) out.push(row);
    return out;
}

Json json_of(const Statement& s, const Key& key) {
    auto days = Json::array();
    for (const auto& [name, day] : s.days) {
        days.push(Json::object()
                      .append("day", name)
                      .append("decisions", day.decisions)
                      .append("with_pay", day.with_pay)
                      .append("usd", day.usd.text())
                      .append("wei", day.wei.text()));
    }
    auto payouts = Json::array();
    for (const auto& payout : s.paid) payouts.push(payout_json(payout));
    auto body = Json::object()
                    .append("version", 1)
                    .append("kind", "stipend statement")
                    .append("namespace", s.ns.text())
                    .append("network", s.network.chain_id)
                    .append("orchestrator", s.orchestrator)
                    .append("month", s.month.name)
                    .append("from", utc_text(s.month.from))
                    .append("to", utc_text(s.month.to))
                    .append("complete", s.complete)
                    .append("asset", s.network.is_token() ? s.network.token : "native");
    if (s.network.is_token()) body.append("symbol", s.network.symbol).append("decimals", s.network.decimals);
    return body.append("opening_wei", s.opening.text())
        .append("decisions_wei", s.totals.decisions.wei.text())
        .append("adjustments_wei", s.totals.adjustments.wei.text())
        .append("payments_wei", s.totals.payments.wei.text())
        .append("payouts_wei", s.paid_wei.text())
        .append("closing_wei", s.closing.text())
        .append("in_flight_wei", s.in_flight.text())
        .append("days", std::move(days))
        .append("adjustments", array_from(s.adjustments))
        .append("payments", array_from(s.payments))
        .append("payouts", std::move(payouts))
        .append("signer", key.address());
}

// One line of the account in a table.
struct Row {
    std::string_view entry;
    std::string time;
    std::string reference = {};
    std::string count = {};
    std::string usd = {};
    SignedWei wei = {};
    std::string transaction = {};
};

std::string text_of(const Json& row, std::string_view name) {
    const auto* member = row.find(name);
    return member == nullptr ? std::string() : member->text();
}

SignedWei wei_in(const Json& row) {
    const auto wei = SignedWei::parse(text_of(row, "wei"));
    STIPEND_ASSERT(wei.ok());  // item_of wrote it
    return *wei;
}

std::vector<Row> rows_of(const Statement& s) {
    std::vector<Row> out;
    out.push_back({.entry = "opening balance", .time = utc_text(s.month.from), .wei = s.opening});
    for (const auto& [name, day] : s.days) {
        out.push_back({.entry = "decisions",
                       .time = name,
                       .count = std::to_string(day.decisions),
                       .usd = day.usd.text(),
                       .wei = day.wei});
    }
    for (const auto& row : s.adjustments) {
        out.push_back({.entry = "adjustment",
                       .time = text_of(row, "at"),
                       .reference = cat(text_of(row, "key"), ": ", text_of(row, "reason")),
                       .usd = text_of(row, "usd"),
                       .wei = wei_in(row)});
    }
    for (const auto& row : s.payments) {
        out.push_back({.entry = "manual payment",
                       .time = text_of(row, "at"),
                       .reference = cat(text_of(row, "payment_id"), ": ", text_of(row, "call_type")),
                       .usd = text_of(row, "usd"),
                       .wei = wei_in(row)});
    }
    for (const auto& payout : s.paid) {
        const auto less = payout.row.wei.negated();
        STIPEND_ASSERT(less.ok());  // it is above 0
        out.push_back({.entry = "payout",
                       .time = utc_text(payout.last.at),
                       .reference = cat("payout ", payout.row.id, " to ", payout.row.to),
                       .wei = *less,
                       .transaction = transaction_of(payout)});
    }
    out.push_back({.entry = "closing balance", .time = utc_text(s.month.to), .wei = s.closing});
    out.push_back({.entry = "of it in flight", .time = utc_text(s.month.to), .wei = s.in_flight});
    return out;
}

std::string csv_text(const Statement& s, const Key& key) {
    std::vector<Json> records;
    records.push_back(Json::object()
                          .append("entry", "statement")
                          .append("time", s.month.name)
                          .append("reference", cat(s.orchestrator, " on ", s.ns.text(),
                                                   s.network.is_token() ? cat(", in units of ", s.network.symbol) : "",
                                                   s.complete ? "" : month_not_over)));
    for (const auto& row : rows_of(s)) {
        const auto number_or_null = [](const std::string& text) {
            return text.empty() ? Json() : Json::of_number(text);
        };
        records.push_back(Json::object()
                              .append("entry", row.entry)
                              .append("time", row.time)
                              .append("reference", row.reference)
                              .append("count", number_or_null(row.count))
                              .append("usd", number_or_null(row.usd))
                              .append("wei", number_of(row.wei))
                              .append("transaction", row.transaction));
    }
    static const std::vector<std::string> columns{"entry", "time", "reference", "count", "usd", "wei", "transaction"};
    auto text = api::csv_of(columns, records);
    const auto signature = key.sign(signed_text(text));
    return cat(text, csv_signature.substr(2), ",", key.address(), ",,,,", signature, "\r\n");
}

std::string html_text(const Statement& s, const Key& key) {
    const auto unit = s.network.is_token() ? cat("units of ", s.network.symbol) : std::string("wei");
    const auto title = html_escaped(cat("Statement of ", printable_line(s.orchestrator), " for ", s.month.name));
    std::string text =
        cat(html_begin, "\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", title,
            "</title>\n<style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}"
            "td,th{border:1px solid #999;padding:.2em .6em;text-align:left}"
            "td.n{text-align:right;font-family:monospace}code{word-break:break-all}</style></head>\n"
            "<body><h1>",
            title, "</h1>\n<p>Network ", s.network.chain_id, " (", s.ns.text(), "), times in UTC, amounts in ", unit,
            " and US dollars. A balance is what is not paid yet", s.complete ? "" : month_not_over,
            ".</p>\n"
            "<table><tr><th>entry</th><th>time</th><th>reference</th><th>decisions</th><th>USD</th>"
            "<th>",
            unit, "</th><th>", s.network.symbol, "</th><th>transaction</th></tr>\n");
    for (const auto& row : rows_of(s)) {
        text += cat("<tr><td>", row.entry, "</td><td>", row.time, "</td><td>",
                    html_escaped(printable_line(row.reference)), "</td><td class=\"n\">", row.count,
                    "</td><td class=\"n\">", row.usd, "</td><td class=\"n\">", row.wei.text(), "</td><td class=\"n\">",
                    s.network.text_of(row.wei), "</td><td><code>", row.transaction, "</code></td></tr>\n");
    }
    text += "</table>";
    const auto signature = key.sign(signed_text(text));
    return cat(text, html_signature, "<p>Signed by <code>", key.address(), "</code>: <code>", signature,
               "</code></p></footer></body></html>\n");
}

// What lies between two texts behind `at`, which moves behind the second one.
std::string_view between(std::string_view text, std::string_view begin, std::string_view end, std::size_t& at) {
    const auto from = text.find(begin, at);
    if (from == std::string_view::npos) return {};
    const auto first = from + begin.size();
    const auto to = text.find(end, first);
    if (to == std::string_view::npos) return {};
    at = to + end.size();
    return text.substr(first, to - first);
}

// The sums that a statement states must fit each other, as a check of its signer.
Result<void> check_sums(Checked& out, const Json& body) {
    const auto wei = [&](std::string_view name) { return SignedWei::parse(text_of(body, name)); };
    STIPEND_LET(sum, wei("opening_wei"));
    for (const auto* name : {"decisions_wei", "adjustments_wei", "payments_wei"}) {
        STIPEND_LET(more, wei(name));
        STIPEND_SET(sum, sum.plus(more));
    }
    STIPEND_LET(paid, wei("payouts_wei"));
    STIPEND_SET(sum, sum.minus(paid));
    if (sum.text() != text_of(body, "closing_wei")) {
        out.problems.push_back(
            cat("its entries lead to ", sum.text(), " wei, it states ", text_of(body, "closing_wei"), " at its end"));
    }
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> lists{
        {{"days", "decisions_wei"},
         {"adjustments", "adjustments_wei"},
         {"payments", "payments_wei"},
         {"payouts", "payouts_wei"}}};
    for (const auto& [list, name] : lists) {
        SignedWei listed;
        const auto* rows = body.find(list);
        if (rows == nullptr) return fail(STIPEND_E_INVALID, "not a statement: it has no \"", list, "\"");
        for (const auto& row : rows->items()) {
            STIPEND_LET(one, SignedWei::parse(text_of(row, "wei")));
            STIPEND_SET(listed, listed.plus(one));
        }
        if (listed.text() != text_of(body, name)) {
            out.problems.push_back(cat(list, ": they sum to ", listed.text(), " wei, it states ", text_of(body, name)));
        }
    }
    return {};
}

}  // namespace

std::string statement_text(const Statement& statement, Format format, const Key& key) {
    switch (format) {
        case Format::csv:
            return csv_text(statement, key);
        case Format::html:
            return html_text(statement, key);
        case Format::json:
            break;
    }
    const auto body = json_of(statement, key).dump();
    return cat("{\"statement\":", body, ",\"signature\":\"", key.sign(signed_text(body)), "\"}\n");
}

Result<Checked> check_statement(const Json& document, std::string_view address) {
    const auto* body = document.find("statement");
    const auto* signature = document.find("signature");
    if (body == nullptr || signature == nullptr || text_of(*body, "kind") != "stipend statement" ||
        text_of(*body, "version") != "1") {
        return fail(STIPEND_E_INVALID,
                    "not a statement of version 1: want an object with \"statement\" and \"signature\"");
    }
    Checked out{.what = cat("statement of ", text_of(*body, "orchestrator"), " for ", text_of(*body, "month"),
                            " on network ", text_of(*body, "network"), ": ", text_of(*body, "payouts_wei"),
                            " wei paid, ", text_of(*body, "closing_wei"), " wei not paid at its end"),
                .signer = text_of(*body, "signer")};
    STIPEND_TRY(check_signer(out, signed_text(body->dump()), signature->text(), address));
    STIPEND_TRY(check_sums(out, *body));
    return out;
}

Result<Checked> check_statement_text(std::string_view text, std::string_view address) {
    const bool html = text.starts_with(html_begin);
    auto at = text.rfind(html ? html_signature : csv_signature);
    if (at == std::string_view::npos || (!html && !text.starts_with("entry,"))) {
        return fail(STIPEND_E_INVALID, "neither a receipt nor a statement of stipend");
    }
    const auto content = text.substr(0, html ? at : at + 2);
    std::string_view signer;
    std::string_view signature;
    if (html) {
        signer = between(text, "<code>", "</code>", at);
        signature = between(text, "<code>", "</code>", at);
    } else {
        signer = between(text, "signature,,", ",", at);
        signature = between(text, ",,,", "\r\n", at);
    }
    Checked out{.what = html ? "statement in HTML" : "statement in CSV", .signer = std::string(signer)};
    STIPEND_TRY(check_signer(out, signed_text(content), signature, address));
    if (at != text.size() && !(html && text.substr(at) == "</p></footer></body></html>\n")) {
        out.problems.push_back("something is behind its signature");
    }
    return out;
}

}  // namespace stipend::receipt
