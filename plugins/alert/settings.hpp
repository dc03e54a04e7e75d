// The configuration of a webhook.
#pragma once

#include <cstdint>
#include <string>

#include "channel_text.hpp"
#include "stipend/config.hpp"

namespace alert {

struct Settings {
    Format format = Format::json;
    std::string url;
    std::string shown_url;  // scheme, host and port: the rest may be a secret
    std::string chat_id;
    std::string headers;  // "Name: value\r\n" lines
    std::uint32_t timeout_ms = 0;
    std::string ca_file;
};

stipend::Result<Settings> parse_settings(const stipend::Json& json);

}  // namespace alert
