/* The scanner below stipend/c/config.h: JSON of RFC 8259 without a tree. Bounded depth, no allocation, no locale. */
#ifndef STIPEND_C_JSON_H
#define STIPEND_C_JSON_H

#include <stdbool.h>
#include <string.h>

#include "stipend/abi/types.h"

#define STIPEND_JSON_DEPTH 32 /* of arrays and objects in a value; deeper ones are not valid */

enum {
    STIPEND_JSON_NULL = 1,
    STIPEND_JSON_TRUE = 2,
    STIPEND_JSON_FALSE = 3,
    STIPEND_JSON_NUMBER = 4,
    STIPEND_JSON_STRING = 5,
    STIPEND_JSON_ARRAY = 6,
    STIPEND_JSON_OBJECT = 7
};

typedef struct stipend_json_value { /* borrows the text that it was read from */
    int32_t kind;
    int32_t reserved;
    stipend_str text; /* as it is spelt; of a string what is between its quotes */
} stipend_json_value;

typedef struct stipend_json { /* a place in a text */
    const char* at;
    const char* end;
} stipend_json;

/* What a message calls a value; NULL for one that is shown as it is spelt. */
static inline const char* stipend_json_kind_name(int32_t kind) {
    if (kind == STIPEND_JSON_TRUE || kind == STIPEND_JSON_FALSE) return "a boolean";
    if (kind == STIPEND_JSON_ARRAY) return "an array";
    if (kind == STIPEND_JSON_OBJECT) return "an object";
    return kind == STIPEND_JSON_NULL ? "null" : NULL;
}

static inline void stipend_json_space(stipend_json* in) {
    while (in->at != in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r')) ++in->at;
}

static inline bool stipend_json_take(stipend_json* in, char c) {
    if (in->at == in->end || *in->at != c) return false;
    ++in->at;
    return true;
}

static inline bool stipend_json_digits(stipend_json* in) {
    const char* begin = in->at;
    while (in->at != in->end && *in->at >= '0' && *in->at <= '9') ++in->at;
    return in->at != begin;
}

static inline bool stipend_json_number(stipend_json* in) {
    (void)stipend_json_take(in, '-');
    if (!stipend_json_take(in, '0') && !stipend_json_digits(in)) return false;
    if (stipend_json_take(in, '.') && !stipend_json_digits(in)) return false;
    if (!stipend_json_take(in, 'e') && !stipend_json_take(in, 'E')) return true;
    if (!stipend_json_take(in, '+')) (void)stipend_json_take(in, '-');
    return stipend_json_digits(in);
}

/* The value of four hex digits; -1 where there are none. */
static inline int32_t stipend_json_hex(const char* at, const char* end) {
    int32_t value = 0;
    if (end - at < 4) return -1;
    for (int k = 0; k < 4; ++k) {
        const char c = at[k];
        int digit = c >= '0' && c <= '9' ? c - '0' : -1;
        if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
        if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* The character of the escape at `*at`, which is behind its backslash, and moves there behind it; -1: not valid. */
static inline int32_t stipend_json_escape(const char** at, const char* end) {
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (*at == end) return -1;
    const char c = *(*at)++;
    if (c != 'u') {
        const char* found = c == '\0' ? NULL : strchr(names, c);
        return found == NULL ? -1 : values[found - names];
    }
    const int32_t unit = stipend_json_hex(*at, end);
    if (unit < 0 || (unit >= 0xDC00 && unit < 0xE000)) return -1;
    *at += 4;
    if (unit < 0xD800 || unit >= 0xE000) return unit;
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') return -1;
    const int32_t low = stipend_json_hex(*at + 2, end);
    if (low < 0xDC00 || low >= 0xE000) return -1;
    *at += 6;
    return 0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00);
}

/* The bytes of a character in UTF-8; returns how many. */
static inline size_t stipend_json_utf8(int32_t character, char out[4]) {
    const uint32_t c = (uint32_t)character;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    const size_t length = c < 0x800 ? 2 : (c < 0x10000 ? 3 : 4);
    static const uint8_t first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(first[length] | (c >> (6 * (length - 1))));
    for (size_t at = 1; at < length; ++at) out[at] = (char)(0x80u | ((c >> (6 * (length - 1 - at))) & 0x3Fu));
    return length;
}

/* Resolves the escapes of a string that was read, into at most `most` bytes; `out` may be NULL, to measure. False where
 * it does not fit or has a NUL. */
static inline bool stipend_json_unescape(stipend_str text, char* out, size_t most, size_t* length) {
    const char* end = text.ptr + text.len;
    *length = 0;
    for (const char* at = text.ptr; at != end;) {
        char bytes[4];
        size_t count = 1;
        bytes[0] = *at++;
        if (bytes[0] == '\\') {
            const int32_t character = stipend_json_escape(&at, end);
            if (character <= 0) return false;
            count = stipend_json_utf8(character, bytes);
        }
        if (count > most - *length) return false;
        if (out != NULL) memcpy(out + *length, bytes, count);
        *length += count;
    }
    return true;
}

/* Moves behind a string, whose first quote is behind. */
static inline bool stipend_json_string(stipend_json* in) {
    while (in->at != in->end) {
        const unsigned char c = (unsigned char)*in->at++;
        if (c == '"') return true;
        if (c < 0x20) return false;
        if (c == '\\' && stipend_json_escape(&in->at, in->end) < 0) return false;
    }
    return false;
}

static inline bool stipend_json_word(stipend_json* in, const char* word) {
    const size_t length = strlen(word);
    if ((size_t)(in->end - in->at) < length || memcmp(in->at, word, length) != 0) return false;
    in->at += length;
    return true;
}

/* Reads a value that is neither an array nor an object. */
static inline bool stipend_json_scalar(stipend_json* in, stipend_json_value* out) {
    const char* begin = in->at;
    bool good;
    if (stipend_json_take(in, '"')) {
        good = stipend_json_string(in);
        out->kind = STIPEND_JSON_STRING;
        out->text.ptr = begin + 1;
        out->text.len = good ? (uint64_t)(in->at - begin - 2) : 0;
        return good;
    }
    if (stipend_json_word(in, "true")) {
        out->kind = STIPEND_JSON_TRUE;
        good = true;
    } else if (stipend_json_word(in, "false")) {
        out->kind = STIPEND_JSON_FALSE;
        good = true;
    } else if (stipend_json_word(in, "null")) {
        out->kind = STIPEND_JSON_NULL;
        good = true;
    } else {
        out->kind = STIPEND_JSON_NUMBER;
        good = stipend_json_number(in);
    }
    out->text.ptr = begin;
    out->text.len = (uint64_t)(in->at - begin);
    return good;
}

/* Reads any value; what is in an array or an object is checked and not kept. */
static inline bool stipend_json_read_value(stipend_json* in, stipend_json_value* out, int depth) {
    stipend_json_space(in);
    const char* begin = in->at;
    const bool array = stipend_json_take(in, '[');
    if (!array && !stipend_json_take(in, '{')) return stipend_json_scalar(in, out);
    if (depth == STIPEND_JSON_DEPTH) return false;
    const char last = array ? ']' : '}';
    stipend_json_space(in);
    bool more = !stipend_json_take(in, last);
    while (more) {
        stipend_json_value inside;
        if (!array) {
            stipend_json_space(in);
            if (!stipend_json_take(in, '"') || !stipend_json_string(in)) return false;
            stipend_json_space(in);
            if (!stipend_json_take(in, ':')) return false;
        }
        if (!stipend_json_read_value(in, &inside, depth + 1)) return false;
        stipend_json_space(in);
        more = stipend_json_take(in, ',');
        if (!more && !stipend_json_take(in, last)) return false;
    }
    out->kind = array ? STIPEND_JSON_ARRAY : STIPEND_JSON_OBJECT;
    out->text.ptr = begin;
    out->text.len = (uint64_t)(in->at - begin);
    return true;
}

/* The number in `text` x 10^places, exactly. False where the text is no number of JSON, has more decimals, or is beyond
 * int64. */
static inline bool stipend_json_decimal(stipend_str text, uint32_t places, int64_t* out) {
    stipend_json in = {text.ptr, text.ptr + text.len};
    if (!stipend_json_number(&in) || in.at != in.end) return false;
    int64_t exponent = places; /* of ten, by which the digits are multiplied */
    uint64_t value = 0;
    bool behind_point = false;
    const char* at = text.ptr;
    uint32_t zeros = 0; /* at the end of what was read */
    for (; at != in.end && *at != 'e' && *at != 'E'; ++at) {
        if (*at == '-') continue;
        if (*at == '.') {
            behind_point = true;
            continue;
        }
        if (behind_point) --exponent;
        if (*at == '0') {
            ++zeros;
            continue;
        }
        for (uint32_t shift = value == 0 ? 1 : zeros + 1; shift > 0; --shift) {
            if (value > UINT64_MAX / 10) return false;
            value *= 10;
        }
        zeros = 0;
        if (value > UINT64_MAX - (uint64_t)(*at - '0')) return false;
        value += (uint64_t)(*at - '0');
    }
    exponent += zeros;
    if (at != in.end) {
        int64_t written = 0;
        const bool negative = *++at == '-';
        for (; at != in.end; ++at) {
            if (*at < '0' || *at > '9') continue;
            if (written < 100000) written = written * 10 + (*at - '0');
        }
        exponent += negative ? -written : written;
    }
    if (value == 0) {
        *out = 0;
        return true;
    }
    if (exponent < 0) return false;
    for (; exponent > 0; --exponent) {
        if (value > UINT64_MAX / 10) return false;
        value *= 10;
    }
    if (value > (uint64_t)INT64_MAX) return false;
    *out = *text.ptr == '-' ? -(int64_t)value : (int64_t)value;
    return true;
}

#endif
