/* A service works by itself, from `start` to `quiesce`: by routes, timers and HTTP. Nobody hands it any work. */
#ifndef STIPEND_ABI_SERVICE_H
#define STIPEND_ABI_SERVICE_H

#include "lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_SERVICE "stipend.service/1"

typedef struct stipend_service_v1 {
    /* Writes what it is doing at present as one JSON object, for people to read. [worker & started] Cheap; answers from
     * what it knows. Not OK: what was written so far is void. */
    stipend_status (*report)(stipend_instance* i, const stipend_sink* out, stipend_error* e);
} stipend_service_v1;

#ifdef __cplusplus
}
#endif
#endif
