// The JSON Schema of the host's own settings: keys, formats, defaults, and what each is for.
#pragma once

#include "host/config/schema.hpp"
#include "host/config/settings.hpp"

namespace stipend::config {

// What a file of that role may say. Lives for ever; thread-safe.
[[nodiscard]] const Schema& settings_rules(Role role);

}  // namespace stipend::config
