// One request whose response is waited for.
#pragma once

#include "host/http/curl_client.hpp"

namespace stipend::http {

// Blocks until the transfer is over: not on [control], nor on the client's own thread. An error: there was no response.
[[nodiscard]] Result<HttpResponse> exchange(CurlClient& client, HttpRequest request);

}  // namespace stipend::http
