/* The C side of a plugin in Go: the exported entry, and the strides and lengths of records. Each function calls one of Go,
 * which blocks until the packages of the library are initialised. */
#include "shim.h"

#include <pthread.h>
#include <stdlib.h>

#include "_cgo_export.h"
#include "stipend/c/text.h"
#include "stipend/version.h"

struct stipend_instance {
    uintptr_t policy; /* a handle of Go */
};

static stipend_go_library library;
static stipend_policy_v1 table;
static const char* const kinds[] = {STIPEND_POLICY, NULL};
static pthread_once_t described = PTHREAD_ONCE_INIT;

static stipend_status decide(const stipend_instance* i, const stipend_sample* in, uint64_t in_stride,
                             stipend_decision* out, uint64_t out_stride, uint64_t count, stipend_error* e) {
    const char* next_in = (const char*)in;
    char* next_out = (char*)out;
    for (uint64_t k = 0; k < count; ++k, next_in += in_stride, next_out += out_stride) {
        stipend_sample sample;
        stipend_decision decision;
        memset(&decision, 0, sizeof decision);
        decision.size = sizeof decision;
        stipend_record_read(&sample, sizeof sample, next_in);
        const stipend_status status = stipendGoDecide(i->policy, &sample, &decision, e);
        if (status != STIPEND_OK) return status;
        stipend_record_write(next_out, &decision, sizeof decision);
    }
    return STIPEND_OK;
}
static stipend_status bounds(const stipend_instance* i, const stipend_terms* t, int64_t* max_usd_e8,
                             int64_t* min_next_ns, stipend_error* e) {
    stipend_terms whole;
    stipend_record_read(&whole, sizeof whole, t);
    return stipendGoBounds(i->policy, &whole, max_usd_e8, min_next_ns, e);
}

static void fill(void) {
    stipendGoDescribe(&library);
    library.descriptor.size = sizeof library.descriptor;
    library.descriptor.flags = STIPEND_PLUGIN_NEEDS_PROCESS;
    library.descriptor.kinds = kinds;
    table.revision = library.revision;
    table.memory_version = library.memory_version;
    table.decide = decide;
    table.bounds = bounds;
}

static stipend_status check_config(stipend_str id, stipend_str json, const stipend_terms* t, stipend_error* e) {
    stipend_terms whole;
    uintptr_t policy = 0;
    (void)id;
    stipend_record_read(&whole, sizeof whole, t);
    const stipend_status status = stipendGoCreate(json, &whole, &policy, e);
    if (status == STIPEND_OK) stipendGoDestroy(policy);
    return status;
}
static stipend_status create(const stipend_host* h, stipend_str id, stipend_str name, stipend_str json,
                             const stipend_terms* t, stipend_instance** out, stipend_error* e) {
    stipend_terms whole;
    uintptr_t policy = 0;
    (void)h, (void)id, (void)name;
    stipend_record_read(&whole, sizeof whole, t);
    const stipend_status status = stipendGoCreate(json, &whole, &policy, e);
    if (status != STIPEND_OK) return status;
    stipend_instance* made = (stipend_instance*)malloc(sizeof *made);
    if (made == NULL) {
        stipendGoDestroy(policy);
        return stipend_fail(e, STIPEND_E_LIMIT, NULL, "instance: got no memory");
    }
    made->policy = policy;
    *out = made;
    return STIPEND_OK;
}
static stipend_status start(stipend_instance* i, stipend_error* e) {
    (void)i, (void)e;
    return STIPEND_OK;
}
static void quiesce(stipend_instance* i) { (void)i; }
static stipend_status health(stipend_instance* i, stipend_error* e) {
    (void)i, (void)e;
    return STIPEND_OK;
}
static const void* get_interface(stipend_instance* i, const char* id) {
    (void)i;
    pthread_once(&described, fill);
    return strcmp(id, STIPEND_POLICY) == 0 ? &table : NULL;
}
static void destroy(stipend_instance* i) {
    stipendGoDestroy(i->policy);
    free(i);
}
static const stipend_lifecycle_v1 lifecycle = {check_config, create, start, quiesce, health, get_interface, destroy};

static stipend_status init(const char* path, stipend_error* e) {
    (void)path, (void)e;
    return STIPEND_OK;
}
static void deinit(void) {}
static uint32_t count(void) { return 1; }
static const stipend_descriptor* describe(uint32_t index) {
    pthread_once(&described, fill);
    return index == 0 ? &library.descriptor : NULL;
}

extern __attribute__((visibility("default"))) const stipend_entry stipend_entry_v1;
const stipend_entry stipend_entry_v1 = {.magic = STIPEND_MAGIC,
                                        .size = sizeof(stipend_entry),
                                        .abi_major = STIPEND_ABI_MAJOR,
                                        .abi_minor = STIPEND_ABI_MINOR,
                                        .sdk = "stipend-sdk " STIPEND_VERSION ", Go",
                                        .build = "cgo, gcc " __VERSION__,
                                        .init = init,
                                        .deinit = deinit,
                                        .count = count,
                                        .describe = describe,
                                        .lifecycle = &lifecycle};
