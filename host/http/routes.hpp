// Which route serves a request. Pure; the server publishes whole tables.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/server.hpp"

namespace stipend::http {

class RouteTable {
  public:
    struct Entry {
        std::uint64_t id;
        std::shared_ptr<const Route> route;
    };
    struct Match {
        std::shared_ptr<const Route> route;  // empty where none serves it
        std::string allow;                   // then: the methods that this path has ("GET, HEAD"); empty: no such path
    };

    // CONFLICT: method and path (as prefix or exact) are taken; INVALID: a bad one. The table is unchanged then.
    [[nodiscard]] Result<void> add(std::uint64_t id, Route route);
    void remove(std::uint64_t id);
    [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

  private:
    std::vector<Entry> entries_;
};

}  // namespace stipend::http
