#include "host/api/past_routes.hpp"

#include <memory>
#include <mutex>

#include "host/base/time.hpp"
#include "stipend/duration.hpp"

namespace stipend::api {
namespace {

constexpr char then_cursor = 't';
constexpr char changes_cursor = 'h';
constexpr std::int64_t most_observed_ns = 31 * ns_per_day;

// A time of the query; nothing where it is not given.
Result<std::optional<stipend_unix_ns>> time_query(const Request& request, const std::string& name) {
    const auto found = request.query.find(name);
    if (found == request.query.end()) return std::optional<stipend_unix_ns>();
    auto at = parse_utc(found->second);
    if (!at) return std::move(at).error().in(cat("query parameter \"", name, "\""));
    return std::optional(*at);
}

// The answer for the last time that was asked for, whose parts are asked for one after the other.
class ThenDesk {
  public:
    explicit ThenDesk(PastReads& reads) : reads_(reads) {}

    Reply answer(const Request& request) {
        const auto at = time_query(request, "at");
        if (!at) return bad_query(at.error());
        if (!*at) return problem(400, "want the query parameter \"at\", such as 2026-11-22T06:00:00Z");
        const auto orchestrator = orchestrator_query(request);
        if (!orchestrator) return bad_query(orchestrator.error());
        const auto part = part_query(request, then_cursor);
        if (!part) return bad_query(part.error());
        const std::unique_lock lock(one_at_a_time_, std::try_to_lock);
        if (!lock) return problem_later(503, "another time is being looked up", 1);
        // Only a cursor goes on with what is kept: a new question sees the ledger anew.
        if (!part->at || !then_ || at_ != **at || of_ != *orchestrator) {
            then_.reset();
            auto found = reads_.then(**at, *orchestrator);
            if (!found && found.error().status == STIPEND_E_LIMIT) return problem(422, found.error().message);
            if (!found) return problem_of(found.error());
            if (!orchestrator->empty() && found->items.empty()) {
                return problem(404, "no such orchestrator at that time");
            }
            then_ = std::move(*found);
            at_ = **at;
            of_ = *orchestrator;
        }
        const auto first = static_cast<std::size_t>(part->at.value_or(0));
        auto items = Json::array();
        auto place = first;
        for (; place < then_->items.size() && place - first < part->limit; ++place) items.push(then_->items[place]);
        const bool more = place < then_->items.size();
        auto reply =
            json_reply(Json::object()
                           .append("at", utc_text(at_))
                           .append("row", then_->row)
                           .append("orchestrators", std::move(items))
                           .append("next_cursor",
                                   more ? Json(cursor_text(then_cursor, static_cast<std::int64_t>(place))) : Json()));
        if (!more) then_.reset();
        return reply;
    }

  private:
    PastReads& reads_;
    std::mutex one_at_a_time_;
    // Guarded by one_at_a_time_.
    std::optional<PastReads::Then> then_;
    stipend_unix_ns at_ = 0;
    std::string of_;
};

Reply changes(PastReads& reads, const Request& request) {
    const auto part = part_query(request, changes_cursor);
    if (!part) return bad_query(part.error());
    auto found = reads.changes(request.path.at("id"), part->at, part->limit);
    if (!found) return problem_of(found.error());
    if (!*found) return problem(404, "no such orchestrator in the ledger");
    auto next = next_of(changes_cursor, **found);
    return tagged_reply(
        Json::object().append("changes", array_of(std::move((*found)->items))).append("next_cursor", std::move(next)));
}

Reply observations(PastReads& reads, const Clock& clock, const Request& request) {
    const auto from = time_query(request, "from");
    if (!from) return bad_query(from.error());
    const auto to = time_query(request, "to");
    if (!to) return bad_query(to.error());
    const auto end = to->value_or(clock.now());
    const auto begin = from->value_or(std::max<stipend_unix_ns>(0, end - ns_per_day));
    if (begin >= end || end - begin > most_observed_ns) {
        return problem(400, cat("\"from\" and \"to\": got ", utc_text(begin), " to ", utc_text(end),
                                ", want a stretch of at most 31 days"));
    }
    const auto found = reads.observations(request.path.at("id"), begin, end);
    if (!found) return problem_of(found.error());
    if (!*found) return problem(404, "no such orchestrator in the ledger");
    return tagged_reply(**found);
}

}  // namespace

std::vector<ApiRoute> past_routes(PastReads& reads, const Clock& clock) {
    using auth::Permission;
    std::vector<ApiRoute> out;
    const auto get = [&](std::string path, Permission permission, std::vector<std::string_view> query,
                         Handler handler) {
        out.push_back({.method = "GET",
                       .path = std::move(path),
                       .permission = permission,
                       .rate = RateClass::read,
                       .query = std::move(query),
                       .handler = std::move(handler),
                       .own = true});
    };
    const auto desk = std::make_shared<ThenDesk>(reads);
    get("/api/v1/livepeer/past", Permission::payments_read, {"at", "orchestrator", "cursor", "limit"},
        [desk](const Request& request) { return desk->answer(request); });
    get("/api/v1/livepeer/orchestrators/{id}/changes", Permission::payments_read, {"cursor", "limit"},
        [&reads](const Request& request) { return changes(reads, request); });
    get("/api/v1/livepeer/orchestrators/{id}/observations", Permission::payments_read, {"from", "to"},
        [&reads, &clock](const Request& request) { return observations(reads, clock, request); });
    return out;
}

}  // namespace stipend::api
