/* An alert plugin sends alerts to people. */
#ifndef STIPEND_ABI_ALERT_H
#define STIPEND_ABI_ALERT_H

#include "stipend/abi/lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_ALERT "stipend.alert/1"

typedef struct stipend_alert { /* borrowed for the call */
    uint32_t size;
    int32_t severity;
    stipend_str alert_id; /* the same while the same thing is wrong */
    stipend_str title;
    stipend_str body;
    stipend_str labels_json;
    stipend_unix_ns at;
    int32_t resolved;
    uint32_t reserved0;
} stipend_alert;

typedef struct stipend_alert_v1 {
    /* Delivers one alert; completes with no record. [pool & started] */
    stipend_status (*send)(stipend_instance* i, const stipend_alert* a, stipend_completion c, stipend_error* e);
    /* Ends an operation early. [any] A dead one is ignored. */
    void (*cancel)(stipend_instance* i, stipend_op op);
} stipend_alert_v1;

#ifdef __cplusplus
}
#endif
#endif
