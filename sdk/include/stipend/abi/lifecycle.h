/* How the host makes, runs and ends an instance of a plugin. There is no `reconfigure`: another configuration is
 * another instance, made and started beside the old one, which is then quiesced and destroyed. */
#ifndef STIPEND_ABI_LIFECYCLE_H
#define STIPEND_ABI_LIFECYCLE_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stipend_instance stipend_instance; /* the plugin's own; the host only holds the pointer */

typedef struct stipend_terms { /* what the host will call the instance with */
    uint32_t size;
    uint32_t reserved0;
    int64_t interval_ns; /* between two pay periods' due times */
    int64_t base_usd_e8; /* pay for one period at multiplier 1, in 1e-8 USD */
} stipend_terms;

typedef struct stipend_lifecycle_v1 { /* frozen; every pointer is non-NULL */
    /* Would `create` take this configuration? [any] No effects. `e->path` points at the offending value.
     * The host has checked it against the descriptor's schema before. */
    stipend_status (*check_config)(stipend_str plugin_id, stipend_str config_json, const stipend_terms* t,
                                   stipend_error* e);
    /* Makes an instance. [control] No I/O. On failure `*out` stays NULL and nothing is left behind. `h` outlives it. */
    stipend_status (*create)(const stipend_host* h, stipend_str plugin_id, stipend_str instance_name,
                             stipend_str config_json, const stipend_terms* t, stipend_instance** out, stipend_error* e);
    /* Begins its work. [control & created] On failure it is still `created`. */
    stipend_status (*start)(stipend_instance* i, stipend_error* e);
    /* Ends its work: takes nothing new, completes what it has. [control & started] Returns at once; the host waits
     * until its last operation is done. */
    void (*quiesce)(stipend_instance* i);
    /* Is it well? [any] Cheap; answers from what it knows. */
    stipend_status (*health)(stipend_instance* i, stipend_error* e);
    /* The table of a kind, or NULL. [any] The table lives as long as the instance. */
    const void* (*get_interface)(stipend_instance* i, const char* id);
    /* Ends the instance, joining its threads. [control & created|quiesced] No callback comes after it began. */
    void (*destroy)(stipend_instance* i);
} stipend_lifecycle_v1;

/* The one shape of asynchronous work. A start function that takes a `stipend_completion` and answers anything but OK
 * never fires it. After OK it fires exactly once, never before the start function returned, and with CANCELLED after
 * a cancel. What the start function borrowed ends with its return; the record given to `done` ends with that call. */
typedef struct stipend_completion { /* the plugin copies it; a late call on a dead operation is counted and dropped */
    const stipend_host* host;
    stipend_op op;
    void (*done)(const stipend_host* h, stipend_op op, stipend_status st, const void* record,
                 const stipend_error* e); /* [any] */
} stipend_completion;

#ifdef __cplusplus
}
#endif
#endif
