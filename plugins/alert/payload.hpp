// The body of a request, in the shape that each channel takes. Pure.
#pragma once

#include <string>

#include "settings.hpp"
#include "stipend/alerts.hpp"

namespace alert {

// What people read of a message, escaped for the channel and within its limit: of each alert its first line at least.
// One line of the first alert, not yet made harmless for a channel.
[[nodiscard]] std::string subject_of(const stipend::AlertMessage& message);

[[nodiscard]] std::string text_of(Format format, const stipend::AlertMessage& message);

// The JSON that is sent.
[[nodiscard]] std::string payload(const Settings& settings, const stipend::AlertMessage& message);

}  // namespace alert
