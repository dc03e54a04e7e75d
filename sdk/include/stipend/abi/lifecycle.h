/* The lifecycle of a plugin instance. There is no `reconfigure`: for a new configuration the host creates and starts a
 * new instance beside the old one, which is then quiesced and destroyed. */
#ifndef STIPEND_ABI_LIFECYCLE_H
#define STIPEND_ABI_LIFECYCLE_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stipend_instance stipend_instance; /* defined by the plugin; opaque to the host */

typedef struct stipend_terms { /* the pay terms under which an instance runs */
    uint32_t size;
    uint32_t reserved0;
    int64_t interval_ns; /* between the due times of two pay periods */
    int64_t base_usd_e8; /* pay for one period at multiplier 1, in 1e-8 USD */
} stipend_terms;

typedef struct stipend_lifecycle_v1 { /* frozen; every pointer is non-NULL */
    /* Checks whether `create` would accept this configuration. [any] No effects. `e->path` is the JSON pointer of the
     * invalid value. The host has validated the configuration against the descriptor's schema before. */
    stipend_status (*check_config)(stipend_str plugin_id, stipend_str config_json, const stipend_terms* t,
                                   stipend_error* e);
    /* Creates an instance. [control] No I/O. `h` outlives the instance. On failure `*out` stays NULL and no resource is
     * leaked. */
    stipend_status (*create)(const stipend_host* h, stipend_str plugin_id, stipend_str instance_name,
                             stipend_str config_json, const stipend_terms* t, stipend_instance** out, stipend_error* e);
    /* Starts the instance. [control & created] On failure it is still `created`. */
    stipend_status (*start)(stipend_instance* i, stipend_error* e);
    /* Stops new work; operations in progress complete. [control & started] Returns at once; the host waits for the last
     * operation. */
    void (*quiesce)(stipend_instance* i);
    /* Reports whether the instance is healthy. [any] Cheap: no I/O. */
    stipend_status (*health)(stipend_instance* i, stipend_error* e);
    /* The table of a kind, or NULL. [any] The table is valid until `destroy`. */
    const void* (*get_interface)(stipend_instance* i, const char* id);
    /* Destroys the instance and joins its threads. [control & created|quiesced] No callback follows its begin. */
    void (*destroy)(stipend_instance* i);
} stipend_lifecycle_v1;

/* All asynchronous work has this shape. If a function that takes a `stipend_completion` returns OK, the plugin calls
 * `done` exactly once, also before that function returned, and with CANCELLED after a cancel. If it returns another
 * status, `done` is never called. The host may end an operation itself at a deadline; what is answered later is counted
 * and dropped. Arguments of the start function are borrowed until it returns; the record passed to `done` is
 * borrowed for that call. */
typedef struct stipend_completion { /* copied by the plugin; a late call for a finished operation is dropped */
    const stipend_host* host;
    stipend_op op;
    void (*done)(const stipend_host* h, stipend_op op, stipend_status st, const void* record,
                 const stipend_error* e); /* [any] */
} stipend_completion;

#ifdef __cplusplus
}
#endif
#endif
