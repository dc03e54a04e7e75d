/* Reads a plugin's configuration, a JSON object, in C11. The members of the object are scalars; an array or an object
 * among them is checked and can be asked for by nothing here. Numbers are exact: no floating point.
 *
 *     stipend_config config;
 *     stipend_status status = stipend_config_read(json, &config, e);
 *     if (status == STIPEND_OK) status = stipend_config_percent(&config, "at_least", &settings->at_least_ppm, e);
 *
 * Each function returns OK, or fills `e` (which may be NULL) with the member's JSON pointer and "got X, want Y" and
 * returns CONFIG; its output is unchanged then. All are `static inline` and thread-safe; none allocates. */
#ifndef STIPEND_C_CONFIG_H
#define STIPEND_C_CONFIG_H

#include <inttypes.h>
#include <stdbool.h>

#include "stipend/c/json.h"
#include "stipend/c/text.h"

#define STIPEND_CONFIG_MEMBERS 64 /* more are refused */
#define STIPEND_CONFIG_SHOWN 60   /* bytes of a value that a message shows */

typedef struct stipend_config { /* borrows the text that it was read from */
    uint32_t count;
    stipend_str keys[STIPEND_CONFIG_MEMBERS]; /* as they are spelt, without quotes */
    stipend_json_value values[STIPEND_CONFIG_MEMBERS];
} stipend_config;

/* The value of that key; NULL where it is missing or null. A key that is spelt with escapes is not found. */
static inline const stipend_json_value* stipend_config_find(const stipend_config* config, const char* key) {
    const stipend_str wanted = stipend_str_of(key);
    for (uint32_t at = 0; at < config->count; ++at) {
        if (!stipend_str_equal(config->keys[at], wanted)) continue;
        return config->values[at].kind == STIPEND_JSON_NULL ? NULL : &config->values[at];
    }
    return NULL;
}

/* Whether the key has a value; one that may be missing is asked for first. */
static inline bool stipend_config_has(const stipend_config* config, const char* key) {
    return stipend_config_find(config, key) != NULL;
}

/* Reads the members of an object at `in`, which is behind its '{'. NULL, or what is wrong. */
static inline const char* stipend_config_members(stipend_json* in, stipend_config* config) {
    stipend_json_space(in);
    if (stipend_json_take(in, '}')) return NULL;
    do {
        stipend_json_value key;
        stipend_json_space(in);
        if (in->at == in->end || *in->at != '"') return "want a key";
        if (!stipend_json_scalar(in, &key)) return "a key is not valid";
        stipend_json_space(in);
        if (!stipend_json_take(in, ':')) return "want ':'";
        if (config->count == STIPEND_CONFIG_MEMBERS) return "more than 64 members";
        for (uint32_t at = 0; at < config->count; ++at) {
            if (stipend_str_equal(config->keys[at], key.text)) return "a key is there twice";
        }
        config->keys[config->count] = key.text;
        if (!stipend_json_read_value(in, &config->values[config->count], 0)) return "a value is not valid";
        ++config->count;
        stipend_json_space(in);
    } while (stipend_json_take(in, ','));
    return stipend_json_take(in, '}') ? NULL : "want ',' or '}'";
}

/* Reads an object; an empty text is an empty object. */
static inline stipend_status stipend_config_read(stipend_str text, stipend_config* config, stipend_error* e) {
    stipend_json in = {text.ptr, text.ptr + text.len};
    config->count = 0;
    if (text.len == 0) return STIPEND_OK;
    stipend_json_space(&in);
    const char* wrong = stipend_json_take(&in, '{') ? stipend_config_members(&in, config) : "want an object";
    if (wrong == NULL) {
        stipend_json_space(&in);
        if (in.at != in.end) wrong = "text behind the object";
    }
    if (wrong == NULL) return STIPEND_OK;
    config->count = 0;
    return stipend_fail(e, STIPEND_E_CONFIG, "", "configuration: not JSON at byte %zu: %s", (size_t)(in.at - text.ptr),
                        wrong);
}

/* Refuses the value of `key`: the message ends with the formatted text. Also for what depends on several values. */
__attribute__((format(printf, 4, 5))) static inline stipend_status stipend_config_refuse(const stipend_config* config,
                                                                                         const char* key,
                                                                                         stipend_error* e,
                                                                                         const char* format, ...) {
    const stipend_json_value* value = stipend_config_find(config, key);
    char path[sizeof e->path], wanted[128];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(wanted, sizeof wanted, format, arguments) < 0) wanted[0] = '\0';
    va_end(arguments);
    if (snprintf(path, sizeof path, "/%s", key) < 0) path[0] = '\0';
    if (value == NULL) return stipend_fail(e, STIPEND_E_CONFIG, path, "missing, want %s", wanted);
    const char* kind = stipend_json_kind_name(value->kind);
    if (kind != NULL) return stipend_fail(e, STIPEND_E_CONFIG, path, "got %s, want %s", kind, wanted);
    const int shown = (int)stipend_text_clip(value->text.ptr, (size_t)value->text.len, STIPEND_CONFIG_SHOWN);
    const char* quote = value->kind == STIPEND_JSON_STRING ? "\"" : "";
    return stipend_fail(e, STIPEND_E_CONFIG, path, "got %s%.*s%s, want %s", quote, shown, value->text.ptr, quote,
                        wanted);
}

static inline stipend_status stipend_config_boolean(const stipend_config* config, const char* key, bool* out,
                                                    stipend_error* e) {
    const stipend_json_value* value = stipend_config_find(config, key);
    if (value == NULL || (value->kind != STIPEND_JSON_TRUE && value->kind != STIPEND_JSON_FALSE)) {
        return stipend_config_refuse(config, key, e, "true or false");
    }
    *out = value->kind == STIPEND_JSON_TRUE;
    return STIPEND_OK;
}

/* A string with its escapes resolved and a NUL, into `capacity` bytes, which is above 0. A string that does not fit, or
 * has a NUL in it, is refused. */
static inline stipend_status stipend_config_string(const stipend_config* config, const char* key, char* out,
                                                   size_t capacity, stipend_error* e) {
    const stipend_json_value* value = stipend_config_find(config, key);
    if (value == NULL || value->kind != STIPEND_JSON_STRING) return stipend_config_refuse(config, key, e, "a string");
    /* Measured first: the output is unchanged on failure. */
    size_t length;
    if (!stipend_json_unescape(value->text, NULL, capacity - 1, &length)) {
        return stipend_config_refuse(config, key, e, "a string of at most %zu bytes, without NUL", capacity - 1);
    }
    (void)stipend_json_unescape(value->text, out, capacity - 1, &length);
    out[length] = '\0';
    return STIPEND_OK;
}

/* The exact spelling of value / 10^places, such as "7.5"; `places` is at most 18. */
typedef struct stipend_scaled_text {
    char text[32];
} stipend_scaled_text;

static inline stipend_scaled_text stipend_scaled(int64_t value, uint32_t places) {
    char digits[32];
    size_t at = sizeof digits - 1;
    uint64_t rest = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    int written = 0;
    digits[at] = '\0';
    for (uint32_t place = 0; place <= places || rest != 0; ++place, rest /= 10) {
        const char digit = (char)('0' + (int)(rest % 10));
        if (place < places && !written && digit == '0') continue;
        if (place == places && written) digits[--at] = '.';
        digits[--at] = digit;
        written = 1;
    }
    if (value < 0) digits[--at] = '-';
    stipend_scaled_text out;
    memcpy(out.text, digits + at, sizeof digits - at);
    return out;
}

/* A decimal number x 10^places, exactly, in least .. most; given as a number or as a string, such as 7.50 or "7.50".
 * `places` is at most 18. One that has more decimals is refused, not rounded. */
static inline stipend_status stipend_config_scaled(const stipend_config* config, const char* key, uint32_t places,
                                                   int64_t least, int64_t most, int64_t* out, stipend_error* e) {
    const stipend_json_value* value = stipend_config_find(config, key);
    int64_t number = 0;
    const bool kind = value != NULL && (value->kind == STIPEND_JSON_NUMBER || value->kind == STIPEND_JSON_STRING);
    if (kind && stipend_json_decimal(value->text, places, &number) && number >= least && number <= most) {
        *out = number;
        return STIPEND_OK;
    }
    const stipend_scaled_text low = stipend_scaled(least, places), high = stipend_scaled(most, places);
    if (places == 0) return stipend_config_refuse(config, key, e, "a whole number in %s .. %s", low.text, high.text);
    return stipend_config_refuse(config, key, e, "a number in %s .. %s with at most %" PRIu32 " decimals", low.text,
                                 high.text, places);
}

static inline stipend_status stipend_config_integer(const stipend_config* config, const char* key, int64_t least,
                                                    int64_t most, int64_t* out, stipend_error* e) {
    return stipend_config_scaled(config, key, 0, least, most, out, e);
}

/* A percentage in 0 .. 100 as parts per million, with at most four decimals. */
static inline stipend_status stipend_config_percent(const stipend_config* config, const char* key, uint32_t* ppm,
                                                    stipend_error* e) {
    int64_t value = 0;
    const stipend_status status = stipend_config_scaled(config, key, 4, 0, 1000000, &value, e);
    if (status == STIPEND_OK) *ppm = (uint32_t)value;
    return status;
}

#endif
