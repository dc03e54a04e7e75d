// Which certificates are trusted.
#pragma once

#include <string>

#include <boost/asio/ssl/context.hpp>

#include "stipend/result.hpp"

namespace stipend::jobs {

// A certificate has to be signed by one of `ca_file`, or of the system's where that is empty. INVALID: no such file.
Result<boost::asio::ssl::context> verifying_context(const std::string& ca_file);

// Any certificate is taken, as a gateway takes those of orchestrators.
boost::asio::ssl::context any_context();

}  // namespace stipend::jobs
