/* What the host observed of the services that it watches, for a plugin that reports on them. */
#ifndef STIPEND_ABI_SERVICES_H
#define STIPEND_ABI_SERVICES_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_HOST_SERVICES "stipend.host.services/1"

typedef struct stipend_service_record { /* one service, over the window; borrowed for the visit */
    uint32_t size;
    int32_t verdict; /* at present: STIPEND_UP, _DOWN, _DEGRADED, _UNKNOWN; or _FOUND: only name and why are set */
    stipend_str name;
    stipend_str why;   /* the monitor's last evidence: short text or JSON */
    uint32_t up_ppm;   /* share of the window in which it was up; time without an observation does not count as up */
    uint32_t seen_ppm; /* share of the window that was observed */
    uint64_t looks;    /* observations since the host began to watch it */
    stipend_unix_ns since;        /* start of the present verdict; 0: not yet observed */
    stipend_unix_ns not_up_since; /* when it was last not up: start of that stretch, be it before the window; 0: never */
    int64_t not_up_ns;            /* time of the window in which it was not up */
} stipend_service_record;

typedef struct stipend_service_totals { /* borrowed for the visit */
    uint32_t size;
    uint32_t window_s;
    stipend_unix_ns now;   /* end of the window */
    uint32_t overall_ppm;  /* mean of up_ppm over the watched services; 0 without services */
    uint32_t coverage_ppm; /* mean of seen_ppm */
    stipend_str error;     /* why no service could be observed; empty otherwise */
} stipend_service_totals;

/* Receives the records of a visit, before it returns. [pool] The watched services come first, by name, then the
 * discoveries. `stride` is in bytes. */
typedef void (*stipend_service_visitor)(void* user, const stipend_service_totals* totals,
                                        const stipend_service_record* records, uint64_t count, uint64_t stride);

typedef struct stipend_host_services_v1 {
    /* Calls `visitor` once with the last `window_s` seconds, 1 to 604800. [pool]
     * Not OK: it was not called. INVALID: another window. UNAVAILABLE: the host watches no services. */
    stipend_status (*visit)(const stipend_host* h, uint32_t window_s, stipend_service_visitor visitor, void* user);
} stipend_host_services_v1;

#ifdef __cplusplus
}
#endif
#endif
