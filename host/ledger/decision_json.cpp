#include "host/ledger/decision_json.hpp"

#include "host/base/time.hpp"
#include "host/ledger/canonical.hpp"
#include "host/ledger/fields.hpp"
#include "stipend/hex.hpp"

namespace stipend::ledger {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

// Bytes that a payee sent need not be text. What is none is shown as '?'; the hash beside it covers all of them.
std::string printable(std::string bytes) {
    for (auto& c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80 || (byte < 0x20 && c != '\n' && c != '\t')) c = '?';
    }
    return bytes;
}

// Appends the exported fields to an object.
class ExportWriter {
  public:
    explicit ExportWriter(Json& out) : out_(out) {}

    void operator()(const Field& field, const auto& value) const {
        if (!field.exported.empty()) out_.append(std::string(field.exported), shown(field.format, value));
    }

  private:
    template <std::integral T>
    static Json shown(Format format, T value) {
        const auto number = static_cast<std::int64_t>(value);
        switch (format) {
            case Format::plain:
                break;
            case Format::utc_time:
                return utc_text(number);
            case Format::percent:
                return Json::of_number(ppm_to_percent(static_cast<std::uint32_t>(value)));
            case Format::factor:
                return scaled_text(number, 6);
            case Format::seconds:
                return number / ns_per_second;
            case Format::milliseconds:
                return Json::of_number(scaled_text(number, 6));
        }
        return value;
    }
    template <class T>
    static Json shown(Format format, const std::optional<T>& value) {
        return value ? shown(format, *value) : Json();
    }
    static Json shown(Format, Job job) { return job == Job::ok ? "ok" : "failed"; }
    static Json shown(Format, Action action) { return action == Action::pay ? "pay" : "skip"; }
    static Json shown(Format, const std::string& text) { return text; }
    static Json shown(Format, const Blob<const std::string>& value) { return printable(value.bytes); }
    static Json shown(Format, const Hash& hash) { return hex_encode(hash); }
    static Json shown(Format, Usd usd) { return usd.text(); }
    static Json shown(Format, const Wei& wei) { return wei.text(); }
    static Json shown(Format, const Evidence& evidence) {
        Json out = Json::object();
        fields(evidence, ExportWriter(out));
        return out;
    }

    Json& out_;
};

}  // namespace

Json decision_json(const DecisionLine& line) {
    Json out = Json::object();
    out.append("epoch", line.decision.epoch).append("orchestrator", line.key);
    fields(line.decision, ExportWriter(out));
    return out;
}

Json fee_json(const FeeLine& line) {
    const Fee& fee = line.fee;
    return Json::object()
        .append("fee", fee_kind_name(fee.kind))
        .append("epoch", fee.epoch)
        .append("orchestrator", line.key)
        .append("attempt", fee.attempt)
        .append("at", utc_text(fee.at))
        .append("wei", fee.wei.text())
        .append("moved_wei", fee.moved.text())
        .append("day_wei", fee.after.day_wei.text())
        .append("total_wei", fee.after.total_wei.text());
}

Json manual_payment_json(const ManualLine& line) {
    const ManualPayment& row = line.payment;
    auto metadata = parse_json(row.metadata);
    return Json::object()
        .append("kind", "manual")
        .append("payment_id", row.id)
        .append("orchestrator", line.key)
        .append("decided_at", utc_text(row.at))
        .append("action", "pay")
        .append("amount_usd", row.usd.text())
        .append("amount_wei", row.wei.text())
        .append("stated_in", stated_name(row.stated))
        .append("usd_per_eth", scaled_text(row.usd_per_eth_e8, 8))
        .append("rate_source", row.rate_source)
        .append("rate_at", utc_text(row.rate_at))
        .append("call_type", row.call_type)
        .append("reference", row.reference)
        .append("metadata", metadata ? std::move(*metadata) : Json())
        .append("by", row.by);
}

Json objection_json(const ObjectionLine& line) {
    const auto& [seq, key, objection, answer, usd, wei] = line;
    const bool paid = answer && !answer->adjustment.empty();
    return Json::object()
        .append("orchestrator", key)
        .append("epoch", objection.epoch)
        .append("state", answer ? "answered" : "open")
        .append("objected_at", utc_text(objection.at))
        .append("text", objection.text)
        .append("by", objection.by)
        .append("answered_at", answer ? Json(utc_text(answer->at)) : Json())
        .append("answer", answer ? Json(answer->reason) : Json())
        .append("answered_by", answer ? Json(answer->by) : Json())
        .append("adjustment", paid ? Json(answer->adjustment) : Json())
        .append("amount_usd", paid ? Json(usd.text()) : Json())
        .append("amount_wei", paid ? Json(wei.text()) : Json());
}

}  // namespace stipend::ledger
