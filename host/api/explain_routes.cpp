#include "host/api/explain_routes.hpp"

#include <memory>
#include <mutex>

#include "host/api/list_part.hpp"

namespace stipend::api {
namespace {

Reply explanation(Explanations& explanations, std::mutex& one_at_a_time, const Request& request) {
    const auto epoch = path_number(request, "epoch");
    if (!epoch || *epoch == 0) return problem(404, "no such payment: want the number of its epoch");
    const std::unique_lock lock(one_at_a_time, std::try_to_lock);
    if (!lock) return problem_later(503, "another explanation is being made", 1);
    auto found = explanations.explanation(request.path.at("id"), *epoch);
    if (!found) return problem_of(found.error());
    if (!*found) return problem(404, "no such payment");
    return json_reply(**found);
}

}  // namespace

ApiRoute explain_route(Explanations& explanations) {
    const auto one_at_a_time = std::make_shared<std::mutex>();
    return {.method = "GET",
            .path = "/api/v1/livepeer/orchestrators/{id}/payments/{epoch}/explanation",
            .permission = auth::Permission::payments_read,
            .rate = RateClass::read,
            .query = {},
            .handler = [&explanations, one_at_a_time](
                           const Request& request) { return explanation(explanations, *one_at_a_time, request); },
            .own = true};
}

}  // namespace stipend::api
