// Which certificate a server must present. One rule for the worker's orchestrator and the manager's orchestrators.
//
// An orchestrator makes a new self-signed certificate at each start and overwrites cert.pem in its data folder, so a
// fixed fingerprint dies with each restart. Its file, read again for each request, is always the present one.
#pragma once

#include <string>
#include <string_view>

#include "stipend/host.hpp"
#include "stipend/result.hpp"

namespace livepeer {

struct ServerTrust {
    enum class By : std::uint8_t {
        system,       // the roots that the host trusts
        ca_file,      // the roots in a file
        certificate,  // exactly the certificate in a file, read for each request
        pin,          // exactly the certificate of this SHA-256
        any,          // any certificate
    };
    By by = By::system;
    std::string value;  // a path, or 64 hex digits

    // A fingerprint (64 hex digits, colons and blanks allowed) or the absolute path of a certificate. INVALID
    // otherwise.
    static stipend::Result<ServerTrust> parse(std::string_view text);

    // Sets the TLS fields of `request`, if it is for an https URL. `pin` holds a fingerprint that the request refers
    // to. UNAVAILABLE: the file cannot be read, or has no certificate.
    stipend::Result<void> apply(stipend::HttpRequest& request, std::string& pin) const;
};

// Hex SHA-256 of the first certificate in a PEM text. INVALID: there is none.
stipend::Result<std::string> certificate_sha256(std::string_view pem);

// True for an http or https URL whose host is an address of this machine's loopback interface, or localhost.
bool is_loopback_url(std::string_view url);

}  // namespace livepeer
