/* Exact money for plugins in C11: amounts of 256 bits and US dollars. Nothing wraps around, nothing is a floating-point
 * number; a division happens once, last, and rounds down. Functions are `static inline`, thread-safe and without
 * effects; `out` is unchanged where the status is not OK. */
#ifndef STIPEND_C_MONEY_H
#define STIPEND_C_MONEY_H

#include <string.h>

#include "stipend/abi/types.h"

#define STIPEND_E8 INT64_C(100000000) /* 1 USD in units of 1e-8 USD */
#define STIPEND_PPM_ONE INT64_C(1000000)
#define STIPEND_U256_TEXT 79 /* 2^256-1 has 78 digits; and a NUL */

__extension__ typedef unsigned __int128 stipend_u128;

/* Four limbs, the lowest first. */
typedef struct stipend_limbs {
    uint64_t limb[4];
} stipend_limbs;

static inline stipend_limbs stipend_limbs_of(const stipend_u256* value) {
    stipend_limbs out = {{0, 0, 0, 0}};
    for (size_t at = 0; at < sizeof value->be; ++at) {
        uint64_t* limb = &out.limb[3 - at / 8];
        *limb = (*limb << 8) | value->be[at];
    }
    return out;
}

static inline stipend_u256 stipend_u256_of_limbs(const stipend_limbs* value) {
    stipend_u256 out;
    for (size_t at = 0; at < sizeof out.be; ++at) {
        out.be[at] = (uint8_t)(value->limb[3 - at / 8] >> (56 - 8 * (at % 8)));
    }
    return out;
}

static inline stipend_u256 stipend_u256_of(uint64_t value) {
    const stipend_limbs limbs = {{value, 0, 0, 0}};
    return stipend_u256_of_limbs(&limbs);
}

/* Negative, 0 or positive: a against b. */
static inline int stipend_u256_compare(const stipend_u256* a, const stipend_u256* b) {
    return memcmp(a->be, b->be, sizeof a->be);
}

/* value x factor + addend in place; LIMIT beyond 2^256-1. */
static inline stipend_status stipend_limbs_mul_add(stipend_limbs* value, uint64_t factor, uint64_t addend) {
    stipend_limbs out;
    uint64_t carry = addend;
    for (int at = 0; at < 4; ++at) {
        const stipend_u128 part = (stipend_u128)value->limb[at] * factor + carry;
        out.limb[at] = (uint64_t)part;
        carry = (uint64_t)(part >> 64);
    }
    if (carry != 0) return STIPEND_E_LIMIT;
    *value = out;
    return STIPEND_OK;
}

/* value / divisor in place, rounded down; returns the remainder. `divisor` is not 0. */
static inline uint64_t stipend_limbs_div(stipend_limbs* value, uint64_t divisor) {
    stipend_u128 rest = 0;
    for (int at = 3; at >= 0; --at) {
        rest = (rest << 64) | value->limb[at];
        value->limb[at] = (uint64_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint64_t)rest;
}

/* a + b; LIMIT beyond 2^256-1. `out` may be one of them. */
static inline stipend_status stipend_u256_add(const stipend_u256* a, const stipend_u256* b, stipend_u256* out) {
    stipend_limbs left = stipend_limbs_of(a);
    const stipend_limbs right = stipend_limbs_of(b);
    uint64_t carry = 0;
    for (int at = 0; at < 4; ++at) {
        const stipend_u128 sum = (stipend_u128)left.limb[at] + right.limb[at] + carry;
        left.limb[at] = (uint64_t)sum;
        carry = (uint64_t)(sum >> 64);
    }
    if (carry != 0) return STIPEND_E_LIMIT;
    *out = stipend_u256_of_limbs(&left);
    return STIPEND_OK;
}

/* a - b; LIMIT below 0. `out` may be one of them. */
static inline stipend_status stipend_u256_sub(const stipend_u256* a, const stipend_u256* b, stipend_u256* out) {
    if (stipend_u256_compare(a, b) < 0) return STIPEND_E_LIMIT;
    stipend_limbs left = stipend_limbs_of(a);
    const stipend_limbs right = stipend_limbs_of(b);
    uint64_t borrow = 0;
    for (int at = 0; at < 4; ++at) {
        const stipend_u128 difference = (stipend_u128)left.limb[at] - right.limb[at] - borrow;
        left.limb[at] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1u;
    }
    *out = stipend_u256_of_limbs(&left);
    return STIPEND_OK;
}

/* a x factor; LIMIT beyond 2^256-1. `out` may be `a`. */
static inline stipend_status stipend_u256_mul(const stipend_u256* a, uint64_t factor, stipend_u256* out) {
    stipend_limbs value = stipend_limbs_of(a);
    const stipend_status status = stipend_limbs_mul_add(&value, factor, 0);
    if (status == STIPEND_OK) *out = stipend_u256_of_limbs(&value);
    return status;
}

/* Decimal digits, no sign, no space. INVALID for anything else, LIMIT beyond 2^256-1. */
static inline stipend_status stipend_u256_parse(stipend_str text, stipend_u256* out) {
    stipend_limbs value = {{0, 0, 0, 0}};
    if (text.len == 0) return STIPEND_E_INVALID;
    for (uint64_t at = 0; at < text.len; ++at) {
        if (text.ptr[at] < '0' || text.ptr[at] > '9') return STIPEND_E_INVALID;
    }
    for (uint64_t at = 0; at < text.len; ++at) {
        const stipend_status status = stipend_limbs_mul_add(&value, 10, (uint64_t)(text.ptr[at] - '0'));
        if (status != STIPEND_OK) return status;
    }
    *out = stipend_u256_of_limbs(&value);
    return STIPEND_OK;
}

/* Writes the decimal digits and a NUL to `out`; returns how many digits. */
static inline size_t stipend_u256_text(const stipend_u256* value, char out[STIPEND_U256_TEXT]) {
    char digits[STIPEND_U256_TEXT];
    size_t at = sizeof digits;
    stipend_limbs rest = stipend_limbs_of(value);
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + (int)stipend_limbs_div(&rest, 10));
    } while ((rest.limb[0] | rest.limb[1] | rest.limb[2] | rest.limb[3]) != 0);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at - 1;
}

/* floor(usd x 10^decimals / rate): dollars in the smallest units of an asset, at its rate for one whole unit; both in
 * 1e-8 USD. As the host computes it: multiplied out, divided once. INVALID for a negative amount, a rate that is not
 * positive, or more than 36 decimals. */
static inline stipend_status stipend_usd_to_units(int64_t usd_e8, int64_t usd_per_unit_e8, uint32_t decimals,
                                                  stipend_u256* out) {
    if (usd_e8 < 0 || usd_per_unit_e8 <= 0 || decimals > 36) return STIPEND_E_INVALID;
    stipend_limbs value = {{(uint64_t)usd_e8, 0, 0, 0}};
    for (; decimals > 0; --decimals) {
        const stipend_status status = stipend_limbs_mul_add(&value, 10, 0);
        if (status != STIPEND_OK) return status;
    }
    stipend_limbs_div(&value, (uint64_t)usd_per_unit_e8);
    *out = stipend_u256_of_limbs(&value);
    return STIPEND_OK;
}

/* The same in wei of a coin with 18 decimals. */
static inline stipend_status stipend_usd_to_wei(int64_t usd_e8, int64_t usd_per_eth_e8, stipend_u256* out) {
    return stipend_usd_to_units(usd_e8, usd_per_eth_e8, 18, out);
}

/* floor(usd x numerator / denominator), in 1e-8 USD: pay by a share, such as ppm / STIPEND_PPM_ONE. INVALID for a
 * negative amount or a denominator of 0, LIMIT beyond int64. */
static inline stipend_status stipend_usd_scale(int64_t usd_e8, uint64_t numerator, uint64_t denominator, int64_t* out) {
    if (usd_e8 < 0 || denominator == 0) return STIPEND_E_INVALID;
    const stipend_u128 value = (stipend_u128)(uint64_t)usd_e8 * numerator / denominator;
    if (value > (stipend_u128)INT64_MAX) return STIPEND_E_LIMIT;
    *out = (int64_t)value;
    return STIPEND_OK;
}

#endif
