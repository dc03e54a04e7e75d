// Interface ids as bits: the services that the host offers, and the kinds that an instance has tables of.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "stipend/abi/alert.h"
#include "stipend/abi/dispatch.h"
#include "stipend/abi/fees.h"
#include "stipend/abi/host.h"
#include "stipend/abi/http.h"
#include "stipend/abi/mail.h"
#include "stipend/abi/monitor.h"
#include "stipend/abi/price.h"

namespace stipend::plugin::isolated {

// Those that reach a plugin in a process of its own. That of threads is there always: it is the process's own.
inline constexpr std::array<const char*, 9> service_ids{STIPEND_HOST_LOG,  STIPEND_HOST_CLOCK, STIPEND_HOST_METRICS,
                                                        STIPEND_HOST_KV,   STIPEND_HOST_TIMER, STIPEND_HOST_ALERTS,
                                                        STIPEND_HOST_HTTP, STIPEND_HOST_MAIL,  STIPEND_HOST_FEES};
// Kinds that run in a process of their own.
inline constexpr std::array<const char*, 4> kind_ids{STIPEND_PRICE, STIPEND_MONITOR, STIPEND_ALERT, STIPEND_DISPATCH};

// 0: none of them.
template <std::size_t N>
[[nodiscard]] constexpr std::uint64_t bit_of(const std::array<const char*, N>& ids, std::string_view id) {
    for (std::size_t at = 0; at < N; ++at) {
        if (id == ids[at]) return std::uint64_t{1} << at;
    }
    return 0;
}

// Of those of which `has(id)` is true.
template <std::size_t N, class Has>
[[nodiscard]] std::uint64_t bits_of(const std::array<const char*, N>& ids, const Has& has) {
    std::uint64_t out = 0;
    for (const char* id : ids) out |= has(id) ? bit_of(ids, id) : 0;
    return out;
}

}  // namespace stipend::plugin::isolated
