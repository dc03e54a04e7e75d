/* The budget of what a network charges for jobs. A dispatcher reserves the most that a job may cost before it sends the
 * job, so that nothing is spent beyond the operator's limits of a day, whatever happens afterwards. */
#ifndef STIPEND_ABI_FEES_H
#define STIPEND_ABI_FEES_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_HOST_FEES "stipend.host.fees/1"

/* The answer to a reservation. [pool] OK: it is durable, and the job may be sent. LIMIT: it would exceed a limit of the
 * day, or the job has reserved too often; the host has raised the alert. INVALID: no job of that id is under way.
 * UNAVAILABLE: the ledger does not store it, or the host is stopping. If it is not OK, the job is not sent and ends as
 * STIPEND_JOB_UNKNOWN. */
typedef void (*stipend_fee_answer)(void* user, stipend_status st, const stipend_error* error);

typedef struct stipend_host_fees_v1 { /* for instances of plugins that offer stipend.dispatch/1 */
    /* Reserves `wei` for the job of that id; several reservations of one job add up. [any] If it returns OK, `answer`
     * is called once. A job that costs nothing needs none. */
    stipend_status (*reserve)(const stipend_host* h, stipend_str job_id, const stipend_u256* wei,
                              stipend_fee_answer answer, void* user);
} stipend_host_fees_v1;

#ifdef __cplusplus
}
#endif
#endif
