// What the options of listeners must have in common.
#pragma once

#include "host/config/diagnostic.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// Two listeners on one port, of one address or where either takes all addresses: the second cannot open. And of the
// files of a listener's TLS, that of the API too: a certificate and its key are set together.
void check_listeners(const Node& root, const Settings& settings, Diagnostics& diagnostics);

}  // namespace stipend::config
