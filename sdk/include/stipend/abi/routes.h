/* HTTP routes of a plugin on the host's server. A route belongs to an instance and passes to its replacement. */
#ifndef STIPEND_ABI_ROUTES_H
#define STIPEND_ABI_ROUTES_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_HOST_ROUTES "stipend.host.routes/1"

typedef struct stipend_route_request { /* borrowed for the call */
    uint32_t size;
    uint32_t reserved0;
    stipend_str method;
    stipend_str path;
    stipend_str query;   /* without the question mark */
    stipend_str headers; /* "name: value\r\n" lines, names in lower case */
    stipend_str peer;
    stipend_bytes body;
    uint64_t token; /* identifies the response */
    /* What the host has verified of the sender, on the manager's listener `api`; empty: not logged in. The headers there
     * hold no cookie and no credentials. */
    stipend_str principal;    /* the account, or "key:" and the id of an API key */
    stipend_str role;         /* admin, operator, viewer or orchestrator */
    stipend_str orchestrator; /* of a login of an orchestrator: its id */
} stipend_route_request;

/* Handles a request. [pool] The plugin calls `respond` once for its token, now or later, from any thread. */
typedef void (*stipend_route_handler)(void* user, const stipend_route_request* rq);

typedef struct stipend_host_routes_v1 {
    /* Adds a route, which is served from `start` on. [control & created] CONFLICT: it belongs to another instance. */
    stipend_status (*add)(const stipend_host* h, stipend_str listener, stipend_str method, stipend_str path,
                          stipend_route_handler handler, void* user);
    /* Sends the response. [any] STATE: already sent, or the deadline has passed and the host has sent 504. */
    stipend_status (*respond)(const stipend_host* h, uint64_t token, int32_t http_status, stipend_str headers,
                              stipend_bytes body);
} stipend_host_routes_v1;

#ifdef __cplusplus
}
#endif
#endif
