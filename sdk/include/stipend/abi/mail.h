/* E-mails, by the host's client: a plugin opens no socket of its own. */
#ifndef STIPEND_ABI_MAIL_H
#define STIPEND_ABI_MAIL_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_HOST_MAIL "stipend.host.mail/1"

enum { STIPEND_MAIL_PLAIN = 1 /* without TLS; only to this machine */ };

typedef struct stipend_mail {
    uint32_t size;
    uint32_t timeout_ms;   /* for all of it; 0 is rejected */
    stipend_str server;    /* smtps://host:port; or smtp://host:port, where STARTTLS is a must unless the flag is set */
    stipend_str user;      /* both or none */
    stipend_str password;  /* never in an error */
    stipend_str from;      /* an address: name@host, ASCII */
    stipend_str to;        /* 1 to 20 addresses, separated by commas; the server has to take all of them */
    stipend_bytes message; /* by RFC 5322, at most 1 MiB; each line ends with CR and LF */
    stipend_str ca_file;   /* path of a PEM bundle that replaces the host's; empty: the host's */
    uint32_t flags;
    uint32_t reserved0;
} stipend_mail;

/* The end. [pool] Called exactly once. OK: the server took the message, which is no proof that it arrives. `code`: the
 * last reply code of the server (RFC 5321), or the first that refuses; 0 before one; 400 to 499: it may be sent again.
 * `e` is borrowed. */
typedef void (*stipend_mail_done)(void* user, stipend_status st, int32_t code, const stipend_error* e);

typedef struct stipend_host_mail_v1 {
    /* Starts sending. OK: `done` is called once, after this function returned. Otherwise it is never called and `*out`
     * is 0. [any] All of `mail` is borrowed for the call. */
    stipend_status (*send)(const stipend_host* h, const stipend_mail* mail, stipend_mail_done done, void* user,
                           stipend_op* out);
    /* Its `done` is called with CANCELLED. [any] One that is over is ignored. */
    void (*cancel)(const stipend_host* h, stipend_op op);
} stipend_host_mail_v1;

#ifdef __cplusplus
}
#endif
#endif
