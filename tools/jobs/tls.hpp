// Which servers are believed to be who they say.
#pragma once

#include <string>

#include <boost/asio/ssl/context.hpp>

#include "stipend/result.hpp"

namespace stipend::jobs {

// A certificate has to be signed by one of `ca_file`, or of the system's where that is empty. INVALID: no such file.
Result<boost::asio::ssl::context> verifying_context(const std::string& ca_file);

}  // namespace stipend::jobs
