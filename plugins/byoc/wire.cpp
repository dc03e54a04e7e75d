#include "wire.hpp"

#include <botan/base64.h>

#include <algorithm>

#include "stipend/duration.hpp"
#include "stipend/hex.hpp"
#include "stipend/json.hpp"
#include "stipend/url.hpp"

namespace byoc {

using stipend::cat;
using stipend::fail;
using stipend::Json;
using stipend::Result;

namespace {

const std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<const std::uint8_t*>(text.data());
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
    if (stipend::split_url(url)->host.empty()) return bad("no host in it");
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
    return without_slash(a) == without_slash(b);
}

std::string livepeer_header(std::string_view address, std::string_view capability, std::uint32_t timeout_s) {
    const auto bare = without_slash(address);
    auto include = Json::array();
    include.push(Json::of_string(bare));
    include.push(Json::of_string(cat(bare, "/")));
    auto orchestrators = Json::object();
    orchestrators.set("include", std::move(include));
    auto parameters = Json::object();
    parameters.set("orchestrators", std::move(orchestrators));
    auto header = Json::object();
    header.set("request", Json::of_string("{}"));
    header.set("parameters", Json::of_string(parameters.dump()));
    header.set("capability", Json::of_string(capability));
    header.set("timeout_seconds", Json::of_int(timeout_s));
    const auto text = header.dump();
    return Botan::base64_encode(bytes_of(text), text.size());
}

std::string job_body(const JobText& job) {
    auto body = Json::object();
    body.set("action", Json::of_string("service-monitoring"));
    body.set("agent_id", Json::of_string(job.agent_id));
    body.set("include_utilization", Json::of_bool(true));
    body.set("timestamp", Json::of_number(timestamp_text(job.at)));
    if (job.window_s != 0) body.set("window_seconds", Json::of_int(job.window_s));
    if (!job.job_id.empty()) body.set("job_id", Json::of_string(job.job_id));
    if (!job.nonce.empty()) {
        body.set("nonce", Json::of_string(stipend::hex_encode(job.nonce)));
        body.set("period_from", Json::of_string(std::to_string(job.period_from)));
        body.set("period_to", Json::of_string(std::to_string(job.period_to)));
    }
    return body.dump();
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

}  // namespace byoc
