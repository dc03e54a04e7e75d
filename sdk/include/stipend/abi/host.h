/* What the host offers to a plugin instance. Services are fetched by id and may be absent: a plugin that cannot do
 * without one says so from `create`. A policy is pure and is offered none. */
#ifndef STIPEND_ABI_HOST_H
#define STIPEND_ABI_HOST_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stipend_host { /* frozen; one for each instance, valid until its `destroy` returns */
    uint32_t size;
    uint32_t abi_minor;
    void* host_data;
    const char* name;
    const char* version;
    /* The table of a service, or NULL where this host lacks it. [any] The table lives as long as the process. */
    const void* (*get_interface)(const struct stipend_host* h, const char* id);
} stipend_host;

#define STIPEND_HOST_LOG "stipend.host.log/1"
enum { STIPEND_LOG_DEBUG = 1, STIPEND_LOG_INFO = 2, STIPEND_LOG_WARN = 3, STIPEND_LOG_ERROR = 4 };
typedef struct stipend_host_log_v1 {
    /* 1 where a message of this level would be kept. [any] */
    int32_t (*enabled)(const stipend_host* h, int32_t level);
    /* Writes one line under the instance's name. [any] `msg` is copied. */
    void (*write)(const stipend_host* h, int32_t level, stipend_str msg);
} stipend_host_log_v1;

#define STIPEND_HOST_CLOCK "stipend.host.clock/1"
typedef struct stipend_host_clock_v1 { /* virtual in tests: never ask the operating system */
    /* The time for records. [any] */
    stipend_unix_ns (*now)(const stipend_host* h);
    /* The time for deadlines. [any] */
    stipend_mono_ns (*monotonic)(const stipend_host* h);
} stipend_host_clock_v1;

#define STIPEND_HOST_METRICS "stipend.host.metrics/1"
enum { STIPEND_METRIC_COUNTER = 1, STIPEND_METRIC_GAUGE = 2 };
typedef struct stipend_host_metrics_v1 {
    /* Defines a metric; its full name is stipend_<instance>_<name>. [control] 0: refused (a bad name, or too many). */
    uint64_t (*define)(const stipend_host* h, int32_t kind, stipend_str name, stipend_str help);
    /* Adds `value` to a counter, or sets a gauge to it. [any] An unknown metric is ignored. */
    void (*record)(const stipend_host* h, uint64_t metric, int64_t value);
} stipend_host_metrics_v1;

#define STIPEND_HOST_KV "stipend.host.kv/1"
typedef struct stipend_host_kv_v1 { /* durable, named apart for each instance, with a quota; never for money */
    /* Writes the value to `out`; UNAVAILABLE where there is none. [worker] */
    stipend_status (*get)(const stipend_host* h, stipend_str key, const stipend_sink* out);
    /* Stores a value. [worker] LIMIT beyond the quota, and then the old value stands. */
    stipend_status (*put)(const stipend_host* h, stipend_str key, stipend_bytes value);
    /* Removes a value; OK also where there was none. [worker] */
    stipend_status (*erase)(const stipend_host* h, stipend_str key);
} stipend_host_kv_v1;

#define STIPEND_HOST_TIMER "stipend.host.timer/1"
typedef void (*stipend_timer_fired)(void* user); /* [worker] once, unless the timer was cancelled */
typedef struct stipend_host_timer_v1 {
    /* Calls `cb` once after `delay_ns`; what is quiesced may still end its work by it. [any] 0: refused (too many
     * timers). */
    stipend_op (*after)(const stipend_host* h, uint64_t delay_ns, stipend_timer_fired cb, void* user);
    /* 1 where the call will now never come. [any] 0 where it has begun or is over. */
    int32_t (*cancel)(const stipend_host* h, stipend_op op);
} stipend_host_timer_v1;

#define STIPEND_HOST_THREADS "stipend.host.threads/1"
typedef struct stipend_host_threads_v1 {          /* for assertions: does the caller run where the tag says? */
    int32_t (*on_control)(const stipend_host* h); /* [any] */
    int32_t (*on_worker)(const stipend_host* h);  /* [any] */
} stipend_host_threads_v1;

#define STIPEND_HOST_QUERY "stipend.host.query/1"
typedef struct stipend_host_query_v1 {
    /* Writes a read-only view of the host ("services", "orchestrators") as JSON. [worker] UNSUPPORTED: no such view. */
    stipend_status (*get)(const stipend_host* h, stipend_str view, const stipend_sink* out);
} stipend_host_query_v1;

#ifdef __cplusplus
}
#endif
#endif
