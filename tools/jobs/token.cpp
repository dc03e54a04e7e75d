#include "tools/jobs/token.hpp"

#include "host/base/file.hpp"
#include "stipend/duration.hpp"
#include "stipend/record.hpp"
#include "stipend/url.hpp"
#include "tools/jobs/once.hpp"
#include "tools/jobs/tls.hpp"

namespace stipend::jobs {
namespace {

constexpr std::int64_t token_deadline_ns = 5 * ns_per_s;
constexpr std::size_t max_credential = 4'096;  // bytes

}  // namespace

Result<livepeer::Credential> credential_from(const std::string& file) {
    if (file.empty()) {
        STIPEND_LET(key, livepeer::EthKey::generate());
        return livepeer::credential_of(key);
    }
    auto text = read_file(file, max_credential);
    if (!text) return std::move(text).error().in("--credential");
    auto read = livepeer::parse_credential(*text);
    if (!read) return std::move(read).error().in(cat("--credential ", file));
    return read;
}

Result<livepeer::Token> token_of(const Asked& asked, const std::string& capability,
                                 const livepeer::Credential& credential) {
    const auto request =
        cat("GET /process/token HTTP/1.1\r\nHost: ", split_url(asked.address)->authority,
            "\r\nLivepeer-Eth-Address: ", credential.header(), "\r\nLivepeer-Capability: ", capability, "\r\n\r\n");
    auto tls = any_context();
    STIPEND_LET(once, send_once(asked.address, request, token_deadline_ns, tls));
    auto response = make_record<stipend_http_response>();
    response.http_status = once.ended.answer.status;
    response.body = bytes_to_abi(once.ended.answer.body);
    response.total_ns = once.took_ns;
    const bool whole = once.ended.outcome == Outcome::succeeded;
    return livepeer::read_token({whole ? STIPEND_OK : STIPEND_E_UNAVAILABLE, &response, once.ended.why});
}

}  // namespace stipend::jobs
