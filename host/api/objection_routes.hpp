// The routes by which a payee objects to a decision of its own, and by which the payer reads and answers that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/api_server.hpp"
#include "host/api/list_part.hpp"

namespace stipend::api {

// Thread-safe. Calls may block for as long as the ledger does; BUSY, STATE and TIMEOUT: the manager does not answer
// now.
class Objections {
  public:
    virtual ~Objections() = default;

    struct Query {
        std::string orchestrator = {};        // empty: all
        std::optional<std::int64_t> at = {};  // a cursor
        std::size_t limit = 0;
    };
    // Open ones, the oldest first, and then those that are answered, the newest first. Nothing: there is no such
    // orchestrator.
    virtual Result<std::optional<ListPart>> list(const Query& query) = 0;
    // Nothing: there is none to that decision.
    virtual Result<std::optional<Json>> one(std::string_view orchestrator, std::uint64_t epoch) = 0;
    // {"orchestrator","epoch","text","by"}. Durable when it returns; the same again changes nothing. Nothing: there is
    // no such decision. CONFLICT: it has another objection. LIMIT: too many.
    virtual Result<std::optional<Json>> object(const Json& order) = 0;
    // {"orchestrator","epoch","reason","usd","by"}: durable when it returns, with what it pays; the same again changes
    // nothing. Nothing: there is no such objection. CONFLICT: it is answered otherwise. UNAVAILABLE: not now, as
    // without an accepted rate.
    virtual Result<std::optional<Json>> answer(const Json& order) = 0;
    // What an item of the list looks like. Does not block.
    [[nodiscard]] virtual Json form() const = 0;
};

// `objections` outlives them.
[[nodiscard]] std::vector<ApiRoute> objection_routes(Objections& objections);

}  // namespace stipend::api
