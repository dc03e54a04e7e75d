// The e-mails that a plugin sends in tests, and how they end.
#pragma once

#include <string>

#include "stipend/abi/mail.h"
#include "stipend/record.hpp"

namespace stipend::testing {

struct FakeMail {
    std::string server, user, password, from, to, message, ca_file;
    std::uint32_t timeout_ms = 0;
    std::uint32_t flags = 0;

    static FakeMail of(const stipend_mail& raw) {
        const auto text = [](stipend_str from) { return std::string(view(from)); };
        return {text(raw.server),  text(raw.user), text(raw.password),
                text(raw.from),    text(raw.to),   std::string(view(raw.message)),
                text(raw.ca_file), raw.timeout_ms, raw.flags};
    }
};

// Of all further e-mails.
struct FakeMailAnswer {
    stipend_status status = STIPEND_OK;
    std::int32_t code = 250;
    std::string error = {};
    stipend_status refused = STIPEND_OK;  // by `send` itself; OK: it is not
};

}  // namespace stipend::testing
