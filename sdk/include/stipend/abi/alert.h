/* An alert plugin is a receiver: it delivers alerts to people, or to another system that does.
 *
 * The host decides what is sent, when, and how often: it matches alerts to receivers, leaves out what is silenced or a
 * repetition, groups what comes together, limits the rate, and tries again with growing pauses. A plugin only carries a
 * message to its channel, once, and reports how that ended. It needs no queue, no retries and no state of its own.
 *
 * A plugin may rely on this:
 *   - `deliver` is called with one message at a time; the next one comes after the last one ended.
 *   - Each message has at least one alert. An alert that is delivered again, because the host did not learn of its end
 *     (a timeout, a crash), has the `delivery_id` of the first time. Two deliveries never share one.
 *   - Alerts of one id come in the order in which they happened.
 *   - Texts are UTF-8, and otherwise untrusted: ids and bodies hold names and answers of remote systems. The plugin
 *     makes harmless what its channel would obey, such as mentions, markup and control characters. */
#ifndef STIPEND_ABI_ALERT_H
#define STIPEND_ABI_ALERT_H

#include "lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_ALERT "stipend.alert/1"

enum { STIPEND_ALERT_FIRING = 1, STIPEND_ALERT_RESOLVED = 2 }; /* stipend_alert.status */
enum {                                                         /* stipend_alert.flags */
    STIPEND_ALERT_REPEATED = 1, /* it fires still, and this receiver has had a message about it */
    STIPEND_ALERT_TEST = 2      /* nothing is wrong: an operator tries the receiver */
};

typedef struct stipend_alert { /* borrowed for the call */
    uint32_t size;
    int32_t severity; /* STIPEND_ALERT_INFO, _WARNING, _CRITICAL */
    int32_t status;   /* STIPEND_ALERT_FIRING or _RESOLVED */
    uint32_t flags;
    stipend_str delivery_id; /* of this alert at this receiver: 32 hex digits, by which duplicates are known */
    stipend_str alert_id;    /* the same while the same thing is wrong: "suspended:orch-1" */
    stipend_str title;       /* one line, at most 300 bytes */
    stipend_str body;        /* at most 4200 bytes */
    stipend_str labels_json; /* a JSON object of texts */
    stipend_unix_ns starts_at;
    stipend_unix_ns ends_at; /* 0 while it fires */
} stipend_alert;

typedef struct stipend_alert_message { /* borrowed for the call */
    uint32_t size;
    uint32_t reserved0;
    const stipend_alert* alerts; /* 1 to 20 */
    uint64_t count;
    uint64_t stride;  /* of `alerts`, in bytes */
    uint64_t omitted; /* further alerts for this receiver, beyond its rate, that no message will list */
    uint64_t dropped; /* alerts that were lost since the last message, because too many were waiting */
} stipend_alert_message;

typedef struct stipend_alert_v1 {
    /* Delivers a message; completes with no record (`record` is ignored). [pool & started]
     *   OK            the channel has accepted it
     *   BUSY          the channel asks to wait. The plugin answers BUSY to further messages, without an exchange, until
     *                 that time is over
     *   any other     it was not accepted. With STIPEND_ERROR_PERMANENT the same message would be refused again: the
     *                 host does not repeat it, and reports it. Otherwise it is tried again, as after BUSY.
     * The host ends an operation at the receiver's deadline with TIMEOUT, and tries again. A message of an error holds
     * no secret, as the channel's URL may be one: it is shown to operators. */
    stipend_status (*deliver)(stipend_instance* i, const stipend_alert_message* m, stipend_completion c,
                              stipend_error* e);
    /* Ends an operation early. [any] A finished one is ignored. */
    void (*cancel)(stipend_instance* i, stipend_op op);
} stipend_alert_v1;

#ifdef __cplusplus
}
#endif
#endif
