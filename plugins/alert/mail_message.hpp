// The text of an e-mail (RFC 5322). Pure.
#pragma once

#include <string>

#include "settings.hpp"
#include "stipend/alerts.hpp"

namespace alert {

// Lines end with CR and LF. What names and bodies hold is encoded, so that it begins no head and ends no message. The
// same message sent again has the same Message-ID.
[[nodiscard]] std::string mail_message(const Settings& settings, const stipend::AlertMessage& message,
                                       stipend_unix_ns now);

}  // namespace alert
