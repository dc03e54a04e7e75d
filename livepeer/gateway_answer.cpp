#include "livepeer/gateway_answer.hpp"

namespace livepeer {

bool no_orchestrators_found(int status, std::string_view served_by, std::string_view body) {
    const bool named = body.find("No orchestrators found") != std::string_view::npos;
    return named && (status == 400 || status == 503) && served_by.empty();
}

AnswerClass class_of_answer(int status, std::string_view served_by, std::string_view body) {
    if (no_orchestrators_found(status, served_by, body)) return AnswerClass::no_orchestrators;
    if (status >= 400 && status <= 499) return AnswerClass::client_error;
    if (status >= 500 && status <= 599) return AnswerClass::server_error;
    if (status != 200) return AnswerClass::unexpected;
    if (body.empty()) return AnswerClass::empty;
    return served_by.empty() ? AnswerClass::unexpected : AnswerClass::served;
}

}  // namespace livepeer
