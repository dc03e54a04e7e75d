/* A monitor observes targets and reports whether they are up. */
#ifndef STIPEND_ABI_MONITOR_H
#define STIPEND_ABI_MONITOR_H

#include "lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_MONITOR "stipend.monitor/1"

enum { /* stipend_observation.verdict */
    STIPEND_UP = 1,
    STIPEND_DOWN = 2,
    STIPEND_DEGRADED = 3, /* responds, but not as required: counts as down */
    STIPEND_UNKNOWN = 4,  /* the monitor could not observe the target: no evidence */
    STIPEND_FOUND = 5     /* a discovery: a target that is not in the configuration */
};

typedef struct stipend_target { /* borrowed for the call */
    uint32_t size;
    uint32_t reserved0;
    stipend_str target_id;
    stipend_str endpoint;        /* a URL; its scheme selects the check: http, https, tcp, docker ... */
    stipend_str attributes_json; /* an object; empty for none */
} stipend_target;

typedef struct stipend_observation { /* borrowed for the call */
    uint32_t size;
    int32_t verdict;
    stipend_str target_id;
    stipend_unix_ns started_at;
    stipend_unix_ns ended_at;
    stipend_bytes evidence; /* the reason for the verdict: short UTF-8 text or JSON */
} stipend_observation;

/* An observation of a watch. [pool] */
typedef void (*stipend_observe)(const stipend_host* h, stipend_op op, const stipend_observation* o);

typedef struct stipend_monitor_v1 {
    /* Checks a target once; completes with a stipend_observation. [pool & started] */
    stipend_status (*probe)(stipend_instance* i, const stipend_target* t, stipend_mono_ns deadline,
                            stipend_completion c, stipend_error* e);
    /* Reports observations of the targets as they happen, and discoveries, until it is cancelled; completes with no
     * record. [pool & started] UNSUPPORTED: this monitor can only probe. */
    stipend_status (*watch)(stipend_instance* i, const stipend_target* t, uint64_t count, uint64_t stride,
                            stipend_observe observe, stipend_completion c, stipend_error* e);
    /* Cancels an operation. [any] A finished one is ignored. */
    void (*cancel)(stipend_instance* i, stipend_op op);
} stipend_monitor_v1;

#ifdef __cplusplus
}
#endif
#endif
