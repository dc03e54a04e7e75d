/* The services of the host for a plugin instance. They are fetched by id and may be absent: `create` of a plugin that
 * needs one returns an error. A policy is pure and gets none. */
#ifndef STIPEND_ABI_HOST_H
#define STIPEND_ABI_HOST_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stipend_host { /* frozen; one for each instance, valid until `destroy` returns */
    uint32_t size;
    uint32_t abi_minor;
    void* host_data;
    const char* name;
    const char* version;
    /* The table of a service, or NULL where this host lacks it. [any] The table is valid until the process ends. */
    const void* (*get_interface)(const struct stipend_host* h, const char* id);
} stipend_host;

#define STIPEND_HOST_LOG "stipend.host.log/1"
enum { STIPEND_LOG_DEBUG = 1, STIPEND_LOG_INFO = 2, STIPEND_LOG_WARN = 3, STIPEND_LOG_ERROR = 4 };
typedef struct stipend_host_log_v1 {
    /* 1 if a message of this level would be logged. [any] */
    int32_t (*enabled)(const stipend_host* h, int32_t level);
    /* Writes one line under the instance's name. [any] `msg` is copied. */
    void (*write)(const stipend_host* h, int32_t level, stipend_str msg);
} stipend_host_log_v1;

#define STIPEND_HOST_CLOCK "stipend.host.clock/1"
typedef struct stipend_host_clock_v1 { /* virtual in tests: do not use the clocks of the operating system */
    /* The time for records. [any] */
    stipend_unix_ns (*now)(const stipend_host* h);
    /* The time for deadlines. [any] */
    stipend_mono_ns (*monotonic)(const stipend_host* h);
} stipend_host_clock_v1;

#define STIPEND_HOST_METRICS "stipend.host.metrics/1"
enum { STIPEND_METRIC_COUNTER = 1, STIPEND_METRIC_GAUGE = 2 };
typedef struct stipend_host_metrics_v1 {
    /* Defines a metric named stipend_<instance>_<name>. [control] 0: rejected (an invalid name, or too many). */
    uint64_t (*define)(const stipend_host* h, int32_t kind, stipend_str name, stipend_str help);
    /* Adds `value` to a counter or sets a gauge to it. [any] An unknown metric is ignored. */
    void (*record)(const stipend_host* h, uint64_t metric, int64_t value);
} stipend_host_metrics_v1;

#define STIPEND_HOST_KV "stipend.host.kv/1"
typedef struct stipend_host_kv_v1 { /* durable, one namespace and quota for each instance; never for money */
    /* Writes the value to `out`. [pool] UNAVAILABLE: there is none. */
    stipend_status (*get)(const stipend_host* h, stipend_str key, const stipend_sink* out);
    /* Stores a value. [pool] LIMIT: beyond the quota; the old value is unchanged. */
    stipend_status (*put)(const stipend_host* h, stipend_str key, stipend_bytes value);
    /* Removes a value. [pool] OK also if there was none. */
    stipend_status (*erase)(const stipend_host* h, stipend_str key);
} stipend_host_kv_v1;

#define STIPEND_HOST_TIMER "stipend.host.timer/1"
typedef void (*stipend_timer_fired)(void* user); /* [pool] once, unless it was cancelled */
typedef struct stipend_host_timer_v1 {
    /* Calls `cb` once after `delay_ns`, also on a quiesced instance. [any] 0: rejected (too many timers). `destroy` ends
     * those that wait, but for one without a delay: that is called before it. */
    stipend_op (*after)(const stipend_host* h, uint64_t delay_ns, stipend_timer_fired cb, void* user);
    /* Cancels a timer. [any] 1: `cb` will not be called. 0: it is running or has returned. */
    int32_t (*cancel)(const stipend_host* h, stipend_op op);
} stipend_host_timer_v1;

#define STIPEND_HOST_ALERTS "stipend.host.alerts/1"
enum { STIPEND_ALERT_INFO = 1, STIPEND_ALERT_WARNING = 2, STIPEND_ALERT_CRITICAL = 3 };
typedef struct stipend_host_alerts_v1 {
    /* Raises an alert of this instance; one that is active stays as it is. [any] `id` is the same while the same thing
     * is wrong, 1 to 256 bytes of printable ASCII; `text` is clipped at 4096 bytes. INVALID: a bad id or severity. */
    stipend_status (*raise)(const stipend_host* h, stipend_str id, int32_t severity, stipend_str text);
    /* Resolves it. [any] One that is not active is ignored. */
    void (*resolve)(const stipend_host* h, stipend_str id);
} stipend_host_alerts_v1;

#define STIPEND_HOST_THREADS "stipend.host.threads/1"
typedef struct stipend_host_threads_v1 {          /* for assertions: is the caller on that thread? */
    int32_t (*on_control)(const stipend_host* h); /* [any] */
    int32_t (*on_pool)(const stipend_host* h);  /* [any] */
} stipend_host_threads_v1;

#ifdef __cplusplus
}
#endif
#endif
