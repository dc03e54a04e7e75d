/* Scalars and small records that all stipend interfaces use. C11 and C++20.
 *
 * Records begin with `uint32_t size` and grow only at their end. A reader of a record reads at most `size` bytes. A
 * record that the callee fills comes zeroed with its capacity in `size`; the callee writes at most that many bytes.
 * Interfaces are frozen tables of functions that are fetched by id; a change is a new id ("stipend.policy/2").
 *
 * The tag of a function names the threads that may call it:
 *   [control]  the host's one control thread; never concurrent for one instance
 *   [pool]     a thread of the host's pool; serialised for one instance
 *   [any]      any thread, at any time: the callee is thread-safe
 *   [pure]     any thread, concurrently: the callee changes no state and calls no service of the host
 * A word after `&` is the state that the instance must be in: created, started, quiesced (`a|b`: either).
 * For one instance, [control] calls, [pool] calls and the callbacks it receives never overlap.
 */
#ifndef STIPEND_ABI_TYPES_H
#define STIPEND_ABI_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 0 is success, negative an error; an unknown negative reads as STIPEND_E_INTERNAL. */
typedef int32_t stipend_status;
enum {
    STIPEND_OK = 0,
    STIPEND_E_INVALID = -1,     /* an argument is malformed */
    STIPEND_E_CONFIG = -2,      /* the configuration is rejected */
    STIPEND_E_UNSUPPORTED = -3, /* not implemented by this plugin */
    STIPEND_E_BUSY = -4,        /* temporary: try again */
    STIPEND_E_TIMEOUT = -5,
    STIPEND_E_CANCELLED = -6,
    STIPEND_E_UNAVAILABLE = -7, /* a remote system does not respond */
    STIPEND_E_STATE = -8,       /* called in the wrong state */
    STIPEND_E_EXCEPTION = -9,   /* an exception was caught at the boundary */
    STIPEND_E_LIMIT = -10,      /* a limit would be exceeded */
    STIPEND_E_CONFLICT = -11,
    STIPEND_E_INTERNAL = -12
};

typedef struct stipend_str { /* UTF-8, not NUL-terminated; borrowed for the call */
    const char* ptr;
    uint64_t len;
} stipend_str;

typedef struct stipend_bytes { /* borrowed for the call */
    const uint8_t* ptr;
    uint64_t len;
} stipend_bytes;

typedef struct stipend_u256 { /* an amount of wei: big-endian, so memcmp orders it */
    uint8_t be[32];
} stipend_u256;

typedef int64_t stipend_unix_ns; /* UTC, nanoseconds since 1970 */
typedef int64_t stipend_mono_ns; /* monotonic, for deadlines; valid only in this process */
typedef uint64_t stipend_op;     /* issued by the host, never reused; 0 is no operation */

typedef struct stipend_sink { /* takes output of variable length; may be called several times */
    void* ctx;
    stipend_status (*write)(void* ctx, const void* data, uint64_t len); /* [any] not OK: stop and return that status */
} stipend_sink;

enum { STIPEND_ERROR_PERMANENT = 1 }; /* stipend_error.flags: a retry cannot succeed */

typedef struct stipend_error { /* owned by the caller, may be NULL; filled only when the status is not OK */
    uint32_t size;
    uint32_t flags;
    char path[128];    /* JSON pointer into the configuration that `message` is about; empty for none; NUL-terminated */
    char message[368]; /* what failed: which object: got X, want Y. UTF-8, NUL-terminated, truncated */
} stipend_error;

#ifdef __cplusplus
}
#endif
#endif
