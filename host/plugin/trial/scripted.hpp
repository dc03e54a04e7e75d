// How HTTP exchanges end that an instance begins while it is tried.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "stipend/abi/http.h"

namespace stipend::plugin {

enum class Answers : std::uint8_t {
    no_network,
    refused,
    times_out,
    status_500,
    html,
    empty,
    object,  // {}
    null,
    deep,
    huge,
    truncated,
    slow,
};
inline constexpr std::array all_answers{Answers::no_network, Answers::refused, Answers::times_out, Answers::status_500,
                                        Answers::html,       Answers::empty,   Answers::object,    Answers::null,
                                        Answers::deep,       Answers::huge,    Answers::truncated, Answers::slow};
[[nodiscard]] std::string_view name_of(Answers answers);

struct Exchange {
    stipend_status status = STIPEND_OK;
    std::string message = {};
    std::int32_t http_status = 0;
    std::string headers = {}, body = {};
    std::int32_t phase = STIPEND_HTTP_RESOLVE;
    std::int32_t cause = STIPEND_HTTP_CAUSE_NONE;
    std::int64_t delay_ns = 1'000'000;
};
// The end of an exchange with that request.
[[nodiscard]] Exchange exchange_of(Answers answers, std::uint32_t timeout_ms, std::uint64_t max_response_bytes);

}  // namespace stipend::plugin
