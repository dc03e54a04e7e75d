// Determines the route that serves a request. Pure; the server replaces the whole table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/handler.hpp"

namespace stipend::http {

class RouteTable {
  public:
    struct Entry {
        std::uint64_t id;
        std::shared_ptr<const Route> route;
    };
    struct Match {
        std::shared_ptr<const Route> route;  // empty where no route serves it
        std::string allow;  // in that case the methods of this path ("GET, HEAD"); empty for an unknown path
    };

    // CONFLICT: method and path (as prefix or exact) are taken; INVALID: a malformed one. On an error the table is
    // unchanged.
    [[nodiscard]] Result<void> add(std::uint64_t id, Route route);
    void remove(std::uint64_t id);
    [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

  private:
    std::vector<Entry> entries_;
};

}  // namespace stipend::http
