/* A service runs by itself from `start` to `quiesce`: it uses routes, timers and HTTP; the host sends it no jobs. */
#ifndef STIPEND_ABI_SERVICE_H
#define STIPEND_ABI_SERVICE_H

#include "lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_SERVICE "stipend.service/1"

typedef struct stipend_service_v1 {
    /* Writes its present state as one JSON object, for people to read. [pool & started] Cheap: no I/O. On failure the
     * output so far is discarded. */
    stipend_status (*report)(stipend_instance* i, const stipend_sink* out, stipend_error* e);
} stipend_service_v1;

#ifdef __cplusplus
}
#endif
#endif
