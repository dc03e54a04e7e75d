#include "tests/devnet/wire.hpp"

#include <array>

#include "tests/devnet/gojson.hpp"

namespace stipend::devnet {
namespace {

using Kind = GoValue::Kind;

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_reverse() {
    std::array<std::int8_t, 256> out{};
    out.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    }
    return out;
}
constexpr auto reverse = make_reverse();

Error bad_encoding() {
    return fail(STIPEND_E_INVALID, encoding_text);
}

// The Go name of a type: the handlers lived in another package before.
std::string go_type(Era era, std::string_view name) {
    return cat(era == Era::head ? "byoc." : "server.", name);
}

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int count = 0;
    int padding = 0;
    for (const char c : text) {
        if (c == '\r' || c == '\n') continue;
        if (count == 0 && padding > 0) return bad_encoding();  // nothing may follow a padded group
        if (c == '=') {
            if (count < 2) return bad_encoding();
            ++padding;
            bits <<= 6;
        } else {
            const auto value = reverse[static_cast<unsigned char>(c)];
            if (value < 0 || padding > 0) return bad_encoding();
            bits = (bits << 6) | static_cast<std::uint32_t>(value);
        }
        if (++count < 4) continue;
        out.push_back(static_cast<char>(bits >> 16));
        if (padding < 2) out.push_back(static_cast<char>(bits >> 8));
        if (padding < 1) out.push_back(static_cast<char>(bits));
        bits = 0;
        count = 0;
    }
    if (count != 0) return bad_encoding();
    return out;
}

std::string encode_base64(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto left = bytes.size() - at;
        const auto byte = [&](std::size_t i) -> std::uint32_t {
            return i < left ? static_cast<unsigned char>(bytes[at + i]) : 0U;
        };
        const auto bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        out.push_back(alphabet[bits >> 18]);
        out.push_back(alphabet[(bits >> 12) & 63]);
        out.push_back(left > 1 ? alphabet[(bits >> 6) & 63] : '=');
        out.push_back(left > 2 ? alphabet[bits & 63] : '=');
    }
    return out;
}

bool hex_signature(std::string_view text) {
    if (text.size() > 130 && text.substr(0, 2) == "0x") text.remove_prefix(2);
    return text.size() % 2 == 0 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

Result<JobRequest> parse_job_request(std::string_view header, Era era) {
    STIPEND_LET(text, decode_base64(header));
    STIPEND_LET(json, parse_go_json(text));
    JobRequest job;
    if (json.kind != Kind::null) {
        if (json.kind != Kind::object) return go_value_mismatch(json, go_type(era, "JobRequest"));
        GoFields fields(json, "JobRequest");
        fields.string("id", job.id);
        fields.string("request", job.request);
        fields.string("parameters", job.parameters);
        fields.string("capability", job.capability);
        fields.string("sender", job.sender);
        fields.string("sig", job.sig);
        fields.integer("timeout_seconds", "int", job.timeout_s);
        STIPEND_TRY(fields.finish());
    }
    if (job.timeout_s == 0) return fail(STIPEND_E_INVALID, no_timeout_text);
    return job;
}

Result<void> check_details(std::string_view text, Era era) {
    STIPEND_LET(json, parse_go_json(text));
    if (json.kind == Kind::null) return {};
    if (json.kind != Kind::object) return go_value_mismatch(json, go_type(era, "JobRequestDetails"));
    GoFields fields(json, "JobRequestDetails");
    std::string stream;
    fields.string("stream_id", stream);
    return fields.finish();
}

Result<Filter> parse_parameters(std::string_view text, Era era) {
    STIPEND_LET(json, parse_go_json(text));
    Filter out;
    if (json.kind == Kind::null) return out;
    if (json.kind != Kind::object) return go_value_mismatch(json, go_type(era, "JobParameters"));
    GoFields fields(json, "JobParameters");
    fields.boolean("enable_video_ingress");
    fields.boolean("enable_video_egress");
    fields.boolean("enable_data_output");
    if (const auto* filter = json.field("orchestrators"); filter != nullptr) {
        if (filter->kind != Kind::object) {
            fields.mismatch(*filter, "orchestrators", go_type(era, "JobOrchestratorsFilter"));
        } else {
            GoFields nested(*filter, "JobOrchestratorsFilter");
            nested.strings("include", "orchestrators.include", out.include);
            nested.strings("exclude", "orchestrators.exclude", out.exclude);
            STIPEND_TRY(nested.finish());
        }
    }
    STIPEND_TRY(fields.finish());
    return out;
}

}  // namespace stipend::devnet
