#include "livepeer/server_trust.hpp"

#include <botan/base64.h>
#include <botan/hash.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>

#include "stipend/ascii.hpp"
#include "stipend/hex.hpp"
#include "stipend/url.hpp"

namespace livepeer {

using stipend::cat;
using stipend::fail;
using stipend::Result;

namespace {

constexpr std::size_t most_pem = 65'536;

Result<std::string> text_of(const std::string& path) {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
    if (!file) return fail(STIPEND_E_UNAVAILABLE, path, ": it cannot be opened");
    std::string out(most_pem + 1, '\0');
    out.resize(std::fread(out.data(), 1, out.size(), file.get()));
    if (std::ferror(file.get()) != 0 || out.size() > most_pem) {
        return fail(STIPEND_E_UNAVAILABLE, path, ": it cannot be read, or is longer than ", most_pem, " bytes");
    }
    return out;
}

}  // namespace

Result<ServerTrust> ServerTrust::parse(std::string_view text) {
    if (text.starts_with('/')) return ServerTrust{By::certificate, std::string(text)};
    // Fingerprints are often written with colons, and a file ends with a line end.
    std::string digits(text);
    std::erase_if(digits, [](unsigned char c) { return c == ':' || c <= 0x20; });
    if (digits.size() != 64 || !stipend::is_hex(digits)) {
        return fail(STIPEND_E_INVALID, "got ", digits.size(),
                    " characters, want the 64 hex digits of a SHA-256, or the absolute path of a certificate");
    }
    return ServerTrust{By::pin, std::move(digits)};
}

Result<std::string> certificate_sha256(std::string_view pem) {
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
    constexpr std::string_view end = "-----END CERTIFICATE-----";
    const auto from = pem.find(begin);
    const auto to = from == std::string_view::npos ? from : pem.find(end, from);
    if (to == std::string_view::npos) return fail(STIPEND_E_INVALID, "no certificate in PEM form");
    const auto body = pem.substr(from + begin.size(), to - from - begin.size());
    try {
        const auto der = Botan::base64_decode(body.data(), body.size(), true);
        const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
        hash->update(der.data(), der.size());
        return stipend::hex_encode(hash->final());
    } catch (const std::exception&) {
        return fail(STIPEND_E_INVALID, "a certificate that is not base64");
    }
}

Result<void> ServerTrust::apply(stipend::HttpRequest& request, std::string& pin) const {
    if (!request.url.starts_with("https:")) return {};
    switch (by) {
        case By::system:
            return {};
        case By::any:
            request.tls_mode = STIPEND_TLS_NONE;
            return {};
        case By::ca_file:
            request.ca_file = value;
            return {};
        case By::pin:
            pin = value;
            break;
        case By::certificate: {
            STIPEND_LET(pem, text_of(value));
            auto digest = certificate_sha256(pem);
            if (!digest) return fail(STIPEND_E_UNAVAILABLE, value, ": ", digest.error().message);
            pin = std::move(*digest);
            break;
        }
    }
    request.tls_mode = STIPEND_TLS_PINNED;
    request.pin_sha256 = pin;
    return {};
}

bool is_loopback_url(std::string_view url) {
    const auto parts = stipend::split_url(url);
    if (!parts) return false;
    const auto host = parts->host;
    if (host == "[::1]") return true;
    if (stipend::ascii::equal_ignoring_case(host, "localhost")) return true;
    // 127.0.0.0/8 in its usual spelling; a name that only looks like it has a letter.
    return host.starts_with("127.") && std::count(host.begin(), host.end(), '.') == 3 &&
           std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || stipend::ascii::is_digit(c); });
}

}  // namespace livepeer
