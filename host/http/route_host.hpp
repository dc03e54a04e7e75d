// A listener that takes routes by rules of its own, such as which paths an owner may have.
#pragma once

#include <string_view>

#include "host/http/handler.hpp"
#include "stipend/result.hpp"

namespace stipend::http {

class RouteHost {
  public:
    virtual ~RouteHost() = default;
    // May `owner` have this route? CONFIG: not by the rules; the message says what it may have. [control]
    [[nodiscard]] virtual Result<void> check(std::string_view owner, std::string_view method,
                                             std::string_view path) = 0;
    // Serves the route from now on, for as long as this listens. CONFLICT, INVALID: as of a Server. [control]
    [[nodiscard]] virtual Result<void> add_route(Route route) = 0;
};

}  // namespace stipend::http
