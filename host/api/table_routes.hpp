// The routes by which administrators change the policy's tables: looked at, tried, replayed, taken, and taken back.
#pragma once

#include <optional>
#include <string>

#include "host/api/api_server.hpp"
#include "host/api/demand_draft.hpp"
#include "stipend/json.hpp"

namespace stipend::api {

// Thread-safe. Calls read files, load plugins or compute, for seconds: the routes make one at a time, save `now`.
class PolicyTables {
  public:
    virtual ~PolicyTables() = default;

    struct Shown {
        Json body;
        std::string version;  // of the file
    };
    // CONFLICT: the configuration names no file of tables.
    virtual Result<Shown> now() = 0;

    // A text in place of the file's.
    struct Draft {
        std::string text = {};
        bool accept_spend = false;
    };
    // What a reload would say of it, and what it pays for each uptime.
    virtual Result<Json> check(const Draft& draft) = 0;

    struct Span {
        stipend_unix_ns from = 0, to = 0;
    };
    // What would have been paid. LIMIT: it takes too long. UNAVAILABLE: the code that decided is not in force any more.
    virtual Result<Json> replay(const std::string& text, Span span) = 0;
    // What pay by demand would have been, with the tables in force. The same, and INVALID: the rules have no target.
    virtual Result<Json> replay_demand(const DemandDraft& draft, Span span) = 0;

    struct Change {
        std::optional<Draft> draft = {};  // none: the former version
        std::string expected = {};        // the version that it replaces
        bool accept_spend = false;
        std::string by = {};
        std::string reason = {};
    };
    struct Changed {
        enum class Is : std::uint8_t { done, refused, other_version };
        Is is = Is::refused;
        Json body = {};            // where it is done
        std::string why = {};      // where it is refused
        std::string version = {};  // of the file afterwards
    };
    virtual Result<Changed> change(const Change& change) = 0;
};

// `tables` and `clock` outlive them.
[[nodiscard]] std::vector<ApiRoute> table_routes(PolicyTables& tables, const Clock& clock);

}  // namespace stipend::api
