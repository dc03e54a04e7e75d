#include "livepeer/wire.hpp"

#include <algorithm>
#include <charconv>

#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/json.hpp"
#include "stipend/url.hpp"

namespace livepeer {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;

namespace {

const std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::string base64(std::string_view text) {
    static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out((text.size() + 2) / 3 * 4, '=');
    auto to = out.begin();
    for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 3))) {
        const auto byte = [text](std::size_t at) { return at < text.size() ? bytes_of(text)[at] : 0U; };
        const auto bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        *to++ = digits[bits >> 18];
        *to++ = digits[bits >> 12 & 63];
        if (text.size() > 1) *to++ = digits[bits >> 6 & 63];
        if (text.size() > 2) *to++ = digits[bits & 63];
    }
    return out;
}

bool is_port(std::string_view text) {
    unsigned port = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    return error == std::errc{} && rest == end && port >= 1 && port <= 65535;
}

bool has_blank(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7f; });
}

}  // namespace

Result<void> check_url(std::string_view url) {
    const auto bad = [&](std::string_view why) {
        return fail(STIPEND_E_INVALID, "bad URL: got \"", printable(url, 120), "\": ", why);
    };
    if (url.size() > 2048) return bad("want at most 2048 bytes");
    if (!url.starts_with("http://") && !url.starts_with("https://")) return bad("want http://host:port or https://");
    if (has_blank(url)) return bad("want no blanks, and letters of ASCII only");
    const auto parts = *stipend::split_url(url);
    if (parts.host.empty()) return bad("no host in it");
    if (parts.authority.size() != parts.host.size() && !is_port(parts.port)) return bad("want a port from 1 to 65535");
    if (url.find_first_of("?#") != std::string_view::npos) return bad("want no query and no fragment");
    return {};
}

Result<void> check_capability(std::string_view name) {
    const bool good = !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
        return stipend::ascii::is_alnum(c) || c == '.' || c == '_' || c == '-';
    });
    if (good) return {};
    return fail(STIPEND_E_INVALID, "bad capability: got \"", printable(name, 60),
                "\", want 1 to 128 letters, digits, '.', '_' and '-'");
}

Result<void> check_path(std::string_view path) {
    const auto bad = [&](std::string_view why) {
        return fail(STIPEND_E_INVALID, "bad path: got \"", printable(path, 60), "\": ", why);
    };
    if (path.size() > 1024) return bad("want at most 1024 bytes");
    if (has_blank(path)) return bad("want no blanks, and letters of ASCII only");
    if (path.find_first_of("?#") != std::string_view::npos) return bad("a gateway drops queries and fragments");
    if (path.find("..") != std::string_view::npos || path.find("//") != std::string_view::npos) {
        return bad("a gateway answers \"..\" and \"//\" with a redirect");
    }
    return {};
}

std::string_view without_slash(std::string_view address) {
    if (address.ends_with('/')) address.remove_suffix(1);
    return address;
}

bool same_address(std::string_view a, std::string_view b) {
    return without_slash(a) == without_slash(b) || stipend::address_key(a) == stipend::address_key(b);
}

namespace {

std::string header_of(std::string_view parameters, std::string_view capability, std::uint32_t timeout_s) {
    std::string header;
    header.reserve(parameters.size() + capability.size() + 128);
    header += R"({"request":"{}","parameters":)";
    Json::quote(header, parameters);
    header += R"(,"capability":)";
    Json::quote(header, capability);
    header += cat(R"(,"timeout_seconds":)", timeout_s, "}");
    return base64(header);
}

}  // namespace

// Rationale: header and body are written as text, and the header encoded here. A tree of values and Botan's base64,
// which is constant-time for keys, cost a sixth of all that a job costs the host.
std::string livepeer_header(std::string_view address, std::string_view capability, std::uint32_t timeout_s) {
    const auto bare = without_slash(address);
    std::string parameters;
    parameters.reserve(2 * bare.size() + 64);
    parameters += R"({"orchestrators":{"include":[)";
    Json::quote(parameters, bare);
    parameters += ',';
    Json::quote(parameters, cat(bare, "/"));
    parameters += "]}}";
    return header_of(parameters, capability, timeout_s);
}

std::string unpinned_header(std::string_view capability, std::uint32_t timeout_s) {
    return header_of("{}", capability, timeout_s);
}

std::string job_body(const JobText& job) {
    std::string body;
    body.reserve(job.agent_id.size() + job.job_id.size() + 2 * job.nonce.size() + 256);
    body += R"({"action":"service-monitoring","agent_id":)";
    Json::quote(body, job.agent_id);
    body += cat(R"(,"include_utilization":true,"timestamp":)", timestamp_text(job.at));
    if (job.window_s != 0) body += cat(R"(,"window_seconds":)", job.window_s);
    if (!job.job_id.empty()) {
        body += R"(,"job_id":)";
        Json::quote(body, job.job_id);
    }
    if (!job.nonce.empty()) {
        body += cat(R"(,"nonce":")", stipend::hex_encode(job.nonce), R"(","period_from":")", job.period_from,
                    R"(","period_to":")", job.period_to, "\"");
    }
    return body += '}';
}

std::string call_body(const CallBody& call) {
    std::string body;
    body.reserve(call.payload.size() + call.type.size() + call.agent_id.size() + call.job_id.size() + 128);
    body += R"({"action":)";
    Json::quote(body, call.type);
    body += R"(,"agent_id":)";
    Json::quote(body, call.agent_id);
    body += R"(,"job_id":)";
    Json::quote(body, call.job_id);
    body += cat(R"(,"timestamp":)", timestamp_text(call.at), R"(,"payload":)", call.payload);
    return body += '}';
}

std::string timestamp_text(stipend_unix_ns at) {
    const auto ms = std::max<stipend_unix_ns>(at, 0) / stipend::ns_per_ms;
    const auto part = std::to_string(ms % 1000);
    return cat(ms / 1000, ".", std::string(3 - part.size(), '0'), part);
}

std::string printable(std::string_view text, std::size_t most) {
    std::string out(text.substr(0, most));
    for (auto& c : out) {
        if (c < 0x20 || c >= 0x7f) c = '?';
    }
    if (text.size() > most) out += "...";
    return out;
}

Result<std::string_view> json_text(std::string_view body) {
    if (body.starts_with("\xEF\xBB\xBF")) return body.substr(3);
    if (body.starts_with("\xFE\xFF") || body.starts_with("\xFF\xFE")) {
        return fail(STIPEND_E_INVALID, "got the byte order mark of UTF-16, want UTF-8");
    }
    if (body.starts_with("\x1F\x8B")) return fail(STIPEND_E_INVALID, "got gzip without a Content-Encoding, want JSON");
    return body;
}

}  // namespace livepeer
