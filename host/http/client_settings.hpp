// The options of an HTTP client as they are in force: defaults filled in, limits within what the system grants.
#pragma once

#include <string>

#include "host/http/client_options.hpp"

namespace stipend::http {

// What all easy handles of a client share.
struct EasySettings {
    ClientOptions options;
    std::string ca_file;
    AddressGuard ssrf_guard;
    AddressGuard public_guard;
};

// Raises the process's limit of descriptors as far as it may. At most half of them are for connections, and half of
// these for one origin: servers, files and other origins keep theirs.
[[nodiscard]] ClientOptions within_descriptors(ClientOptions options);
// libcurl is initialised.
[[nodiscard]] EasySettings settings_for(ClientOptions options);

}  // namespace stipend::http
