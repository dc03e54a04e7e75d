// The configuration of a receiver.
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
    std::string from;  // of an e-mail, as are the following
    std::string to;    // separated by commas
    std::string user;
    std::string password;
    bool plain = false;
};

stipend::Result<Settings> parse_settings(const stipend::Json& json);

}  // namespace alert
