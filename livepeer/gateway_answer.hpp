// What a gateway's response to a job says of the job. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace livepeer {

// The response of a gateway that has no orchestrator for the job: 400 with that text, before 0.9 a 503.
bool no_orchestrators_found(int status, std::string_view served_by, std::string_view body);

enum class AnswerClass : std::uint8_t {
    served,            // 200 by an orchestrator, with a body
    no_orchestrators,  // none was there to be asked
    client_error,      // another 4xx, of the gateway, of an orchestrator or of its worker
    server_error,      // 5xx
    empty,             // 200 with an empty body: every try of the gateway failed
    unexpected,        // another status, or a 200 that names no orchestrator
};
// `served_by` is X-Orchestrator-Url, empty without it.
AnswerClass class_of_answer(int status, std::string_view served_by, std::string_view body);

}  // namespace livepeer
