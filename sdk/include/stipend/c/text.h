/* Texts, errors and records for plugins in C11. Functions are `static inline` and thread-safe; none allocates. */
#ifndef STIPEND_C_TEXT_H
#define STIPEND_C_TEXT_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stipend/abi/types.h"

/* `text` without its NUL; borrows it. */
static inline stipend_str stipend_str_of(const char* text) {
    const stipend_str out = {text, strlen(text)};
    return out;
}

static inline int stipend_str_equal(stipend_str a, stipend_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, (size_t)a.len) == 0);
}

/* The length of `text`, of which at most `most` bytes count, cut before a character of UTF-8 that does not fit. */
static inline size_t stipend_text_clip(const char* text, size_t length, size_t most) {
    if (length <= most) return length;
    size_t end = most;
    while (end > 0 && ((unsigned char)text[end] & 0xC0u) == 0x80u) --end;
    return end;
}

/* Fills a fixed text field of a record, such as a decision's reason: cut between two characters if it is too long or
 * has a NUL, the rest zero. `capacity` counts the closing NUL and is above 0. */
static inline void stipend_text_set(char* field, size_t capacity, const char* text) {
    const size_t length = stipend_text_clip(text, strlen(text), capacity - 1);
    memcpy(field, text, length);
    memset(field + length, 0, capacity - length);
}

/* For a field that is an array: STIPEND_SET_TEXT(decision->tier, "reached"). */
#define STIPEND_SET_TEXT(field, text) stipend_text_set((field), sizeof(field), (text))

/* Fills the caller's error record, which may be NULL or shorter than this version of it, and returns `status`. `path`
 * is a JSON pointer into the configuration, NULL or "" for none. With CONFIG the error is permanent. The message reads
 * "what failed: which object: got X, want Y"; it is cut to its field. */
__attribute__((format(printf, 4, 5))) static inline stipend_status stipend_fail(stipend_error* e, stipend_status status,
                                                                                const char* path, const char* format,
                                                                                ...) {
    const size_t needed = offsetof(stipend_error, message) + sizeof e->message;
    if (e == NULL || e->size < needed) return status;
    char message[4 * sizeof e->message];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (length < 0) message[0] = '\0';
    e->flags = status == STIPEND_E_CONFIG ? (uint32_t)STIPEND_ERROR_PERMANENT : 0u;
    stipend_text_set(e->path, sizeof e->path, path == NULL ? "" : path);
    stipend_text_set(e->message, sizeof e->message, message);
    return status;
}

/* Copies a record that begins with `uint32_t size` into one of this version's `capacity` bytes; what the sender's
 * version does not have is zero. */
static inline void stipend_record_read(void* to, size_t capacity, const void* from) {
    uint32_t size;
    memcpy(&size, from, sizeof size);
    memset(to, 0, capacity);
    memcpy(to, from, size < capacity ? size : capacity);
}

/* Copies a whole record of this version, `size` bytes, into the caller's: at most as many bytes as that says it has.
 * Its own size is unchanged. */
static inline void stipend_record_write(void* to, const void* from, size_t size) {
    uint32_t capacity;
    memcpy(&capacity, to, sizeof capacity);
    if (capacity < size) size = capacity;
    if (size > sizeof capacity)
        memcpy((char*)to + sizeof capacity, (const char*)from + sizeof capacity, size - sizeof capacity);
}

#endif
