/* The host's HTTP client: one libcurl, one pool, one TLS configuration for the whole process. A plugin never opens a
 * socket of its own, so limits, pins, secrets and the guard against stranger's targets hold for all of them. */
#ifndef STIPEND_ABI_HTTP_H
#define STIPEND_ABI_HTTP_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_HOST_HTTP "stipend.host.http/1"

enum { STIPEND_TLS_VERIFY = 0, STIPEND_TLS_PINNED = 1, STIPEND_TLS_NONE = 2 /* said loudly in the log */ };
enum {
    STIPEND_HTTP_CONNECT_ONLY = 1, /* a TCP (or TLS, for https) check: nothing is sent */
    STIPEND_HTTP_FROM_STRANGER = 2 /* somebody else named the target: loopback, link-local and metadata are refused */
};
enum { /* how far an exchange came */
    STIPEND_HTTP_RESOLVE = 1,
    STIPEND_HTTP_CONNECT = 2,
    STIPEND_HTTP_TLS = 3,
    STIPEND_HTTP_SENT = 4,
    STIPEND_HTTP_HEAD = 5,
    STIPEND_HTTP_DONE = 6
};

typedef struct stipend_http_request {
    uint32_t size;
    uint32_t timeout_ms; /* for the whole exchange; 0 is refused */
    stipend_str method;
    stipend_str url;
    stipend_str headers; /* "Name: value\r\n" lines; `${secret:NAME}` in a value is filled in by the host */
    stipend_bytes body;
    uint64_t max_response_bytes; /* of the body; a longer one ends with LIMIT */
    stipend_str unix_socket;     /* path; empty for TCP */
    stipend_str pin_sha256;      /* hex SHA-256 of the server's certificate (DER); empty for none */
    int32_t tls_mode;
    uint32_t max_redirects;
    uint32_t flags;
    uint32_t reserved0;
} stipend_http_request;

typedef struct stipend_http_response {
    uint32_t size;
    int32_t http_status; /* 0 until a status line was read */
    stipend_str headers; /* "name: value\r\n" lines, names in lower case, of the last response */
    stipend_str peer;    /* address:port that the request went to; empty where it was never on its way */
    stipend_bytes body;  /* what arrived, also when the exchange then failed */
    int32_t phase;
    uint32_t reserved0;
    stipend_unix_ns tls_not_after; /* 0 without TLS */
    int64_t connect_ns;            /* since the start; 0 where it did not come so far */
    int64_t first_byte_ns;
    int64_t total_ns;
} stipend_http_response;

/* The end of an exchange. [worker] Exactly once. `r` is never NULL; it and `e` end with the call. */
typedef void (*stipend_http_done)(void* user, stipend_status st, const stipend_http_response* r,
                                  const stipend_error* e);
/* A part of a streamed body. [worker] Not OK ends the transfer. */
typedef stipend_status (*stipend_http_chunk)(void* user, const stipend_http_response* head, stipend_bytes part);

typedef struct stipend_host_http_v1 {
    /* Starts an exchange. With `on_part` NULL the body is buffered for `done`, else it is handed over as it comes.
     * OK: `done` fires once, never before this returned. Otherwise it never fires and `*out` is 0.
     * [any] All of `rq` is borrowed for the call. */
    stipend_status (*send)(const stipend_host* h, const stipend_http_request* rq, stipend_http_chunk on_part,
                           stipend_http_done done, void* user, stipend_op* out);
    /* Ends an exchange early: its `done` still fires, with CANCELLED. [any] A dead operation is ignored. */
    void (*cancel)(const stipend_host* h, stipend_op op);
} stipend_host_http_v1;

#ifdef __cplusplus
}
#endif
#endif
