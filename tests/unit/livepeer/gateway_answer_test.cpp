#include "livepeer/gateway_answer.hpp"

#include <doctest/doctest.h>

using namespace livepeer;

namespace {

constexpr const char* orchestrator = "https://127.0.0.1:8935";
constexpr const char* none_found = "No orchestrators found for capability agent-net\n";

}  // namespace

TEST_CASE("a gateway finds no orchestrator by a 400, or an old one by a 503, that names none") {
    CHECK(class_of_answer(400, "", none_found) == AnswerClass::no_orchestrators);
    CHECK(class_of_answer(503, "", none_found) == AnswerClass::no_orchestrators);
    CHECK(class_of_answer(400, orchestrator, none_found) == AnswerClass::client_error);
    CHECK(class_of_answer(500, "", none_found) == AnswerClass::server_error);
    CHECK(class_of_answer(400, "", "Insufficient balance for request\n\n") == AnswerClass::client_error);
}

TEST_CASE("a job is served by a 200 with a body that names its orchestrator, and by nothing else") {
    CHECK(class_of_answer(200, orchestrator, "{}") == AnswerClass::served);
    CHECK(class_of_answer(200, "", "") == AnswerClass::empty);
    CHECK(class_of_answer(200, orchestrator, "") == AnswerClass::empty);
    CHECK(class_of_answer(200, "", "{}") == AnswerClass::unexpected);
    CHECK(class_of_answer(301, "", "") == AnswerClass::unexpected);
    CHECK(class_of_answer(429, "", "") == AnswerClass::client_error);
    CHECK(class_of_answer(500, orchestrator, "x") == AnswerClass::server_error);
    CHECK(class_of_answer(0, "", "") == AnswerClass::unexpected);
}
