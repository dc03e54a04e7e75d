/* The host's HTTP client: one libcurl, one connection pool and one TLS configuration for the whole process. A plugin
 * opens no socket of its own, so limits, pins, secrets and the SSRF guard apply to all plugins. */
#ifndef STIPEND_ABI_HTTP_H
#define STIPEND_ABI_HTTP_H

#include "host.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_HOST_HTTP "stipend.host.http/1"

enum { STIPEND_TLS_VERIFY = 0, STIPEND_TLS_PINNED = 1, STIPEND_TLS_NONE = 2 /* logged as a warning */ };
enum {
    STIPEND_HTTP_CONNECT_ONLY = 1, /* a TCP (or TLS, for https) check: nothing is sent */
    STIPEND_HTTP_UNTRUSTED_TARGET = 2, /* not named by the operator: loopback, link-local, metadata addresses fail */
    STIPEND_HTTP_PUBLIC_TARGET = 4 /* registered by another party: private addresses fail too, unless the host's
                                      configuration allows their network */
};
enum { /* the last phase that an exchange reached */
    STIPEND_HTTP_RESOLVE = 1,
    STIPEND_HTTP_CONNECT = 2,
    STIPEND_HTTP_TLS = 3,
    STIPEND_HTTP_SENT = 4,
    STIPEND_HTTP_HEAD = 5,
    STIPEND_HTTP_DONE = 6
};

enum { /* why an exchange failed, as far as a decision may depend on it; texts may not */
    STIPEND_HTTP_CAUSE_NONE = 0,        /* it did not fail */
    STIPEND_HTTP_CAUSE_OTHER = 1,       /* timeout, broken HTTP, a limit, cancelled */
    STIPEND_HTTP_CAUSE_LOCAL = 2,       /* nothing left this machine: no route, port, memory, CA, proxy, resolver */
    STIPEND_HTTP_CAUSE_RESOLVE = 3,     /* the name has no address, or its servers fail */
    STIPEND_HTTP_CAUSE_REFUSED = 4,     /* no process listens at the address */
    STIPEND_HTTP_CAUSE_RESET = 5,       /* the peer closed the connection before its response was complete */
    STIPEND_HTTP_CAUSE_CERTIFICATE = 6  /* the peer's certificate is not the pinned one, or not trusted */
};

typedef struct stipend_http_request {
    uint32_t size;
    uint32_t timeout_ms; /* for the whole exchange; 0 is rejected */
    stipend_str method;
    stipend_str url;
    stipend_str headers; /* "Name: value\r\n" lines; the host replaces `${secret:NAME}` in a value */
    stipend_bytes body;
    uint64_t max_response_bytes; /* of the body; a longer one fails with LIMIT */
    stipend_str unix_socket;     /* path; empty for TCP */
    stipend_str pin_sha256;      /* hex SHA-256 of the server's certificate (DER); empty for none */
    int32_t tls_mode;
    uint32_t max_redirects;
    uint32_t flags;
    uint32_t reserved0;
    stipend_str ca_file; /* path of a PEM bundle that replaces the host's for TLS_VERIFY; empty: the host's */
    /* Paths of the client's own certificate (PEM, with its chain) and of its key (PEM, without a passphrase); both or
     * none. Not with redirects. */
    stipend_str client_cert_file;
    stipend_str client_key_file;
} stipend_http_request;

typedef struct stipend_http_response {
    uint32_t size;
    int32_t http_status; /* 0: no status line was received */
    stipend_str headers; /* "name: value\r\n" lines, names in lower case, of the last response */
    stipend_str peer;    /* address:port of the connection; empty if there was none */
    stipend_bytes body;  /* the part that arrived if the exchange failed */
    int32_t phase;
    int32_t cause;                 /* STIPEND_HTTP_CAUSE_* */
    stipend_unix_ns tls_not_after; /* 0 without TLS */
    int64_t connect_ns;            /* since the start; 0: not reached */
    int64_t first_byte_ns;
    int64_t total_ns;
    stipend_str tls_sha256; /* hex SHA-256 of the certificate that the server presented; empty without TLS */
} stipend_http_response;

/* The end of an exchange. [pool] Called exactly once. `r` is never NULL; `r` and `e` are borrowed for the call. */
typedef void (*stipend_http_done)(void* user, stipend_status st, const stipend_http_response* r,
                                  const stipend_error* e);
/* A part of a streamed body. [pool] A status other than OK ends the transfer. */
typedef stipend_status (*stipend_http_chunk)(void* user, const stipend_http_response* head, stipend_bytes part);

typedef struct stipend_host_http_v1 {
    /* Starts an exchange. If `on_part` is NULL, the body is buffered for `done`; otherwise each part goes to `on_part`.
     * OK: `done` is called once, after this function returned. Otherwise it is never called and `*out` is 0.
     * [any] All of `rq` is borrowed for the call. */
    stipend_status (*send)(const stipend_host* h, const stipend_http_request* rq, stipend_http_chunk on_part,
                           stipend_http_done done, void* user, stipend_op* out);
    /* Cancels an exchange: its `done` is called with CANCELLED. [any] A finished operation is ignored. */
    void (*cancel)(const stipend_host* h, stipend_op op);
} stipend_host_http_v1;

#ifdef __cplusplus
}
#endif
#endif
