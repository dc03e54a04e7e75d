#include "tools/jobs/tls.hpp"

#include <utility>

namespace stipend::jobs {

namespace ssl = boost::asio::ssl;

Result<ssl::context> verifying_context(const std::string& ca_file) {
    ssl::context out(ssl::context::tls_client);
    boost::system::error_code error;
    if (ca_file.empty()) {
        out.set_default_verify_paths(error);
    } else {
        out.load_verify_file(ca_file, error);
    }
    if (error) return fail(STIPEND_E_INVALID, "cannot read certificates of ", ca_file, ": ", error.message());
    out.set_verify_mode(ssl::verify_peer);
    return out;
}

ssl::context any_context() {
    ssl::context out(ssl::context::tls_client);
    out.set_verify_mode(ssl::verify_none);
    return out;
}

}  // namespace stipend::jobs
