/* A whole, small policy plugin in plain C. Each file beside this one changes one thing of it, by the macros below, and
 * so is broken in exactly one way. */
#ifndef STIPEND_DEFECT_H
#define STIPEND_DEFECT_H

#include <stdlib.h>
#include <string.h>

#include "stipend/abi/entry.h"
#include "stipend/abi/policy.h"

#ifndef DEFECT_ID
#define DEFECT_ID "org.example.defect"
#endif
#ifndef DEFECT_MAGIC
#define DEFECT_MAGIC STIPEND_MAGIC
#endif
#ifndef DEFECT_SIZE
#define DEFECT_SIZE sizeof(stipend_entry)
#endif
#ifndef DEFECT_MAJOR
#define DEFECT_MAJOR STIPEND_ABI_MAJOR
#endif
#ifndef DEFECT_FLAGS
#define DEFECT_FLAGS 0
#endif
#ifndef DEFECT_KIND
#define DEFECT_KIND STIPEND_POLICY
#endif
#ifndef DEFECT_SCHEMA
#define DEFECT_SCHEMA "{\"type\":\"object\",\"additionalProperties\":false}"
#endif
#ifndef DEFECT_COUNT
#define DEFECT_COUNT 1
#endif
#ifndef DEFECT_SYMBOL
#define DEFECT_SYMBOL stipend_entry_v1
#endif

/* Statements that a function of the lifecycle begins with. */
#ifndef DEFECT_IN_CREATE
#define DEFECT_IN_CREATE (void)0
#endif
#ifndef DEFECT_IN_START
#define DEFECT_IN_START (void)0
#endif
#ifndef DEFECT_IN_QUIESCE
#define DEFECT_IN_QUIESCE (void)0
#endif
#ifndef DEFECT_IN_DESTROY
#define DEFECT_IN_DESTROY (void)0
#endif
#ifndef DEFECT_IN_INIT
#define DEFECT_IN_INIT (void)0
#endif
#ifndef DEFECT_IN_DEINIT
#define DEFECT_IN_DEINIT (void)0
#endif
#ifndef DEFECT_MIN_NEXT_NS
#define DEFECT_MIN_NEXT_NS(terms) ((terms)->interval_ns)
#endif
#ifndef DEFECT_VERSION
#define DEFECT_VERSION "1.0.0"
#endif

/* Not asked about a job of unknown outcome, which every policy holds. */
#ifndef DEFECT_DECIDE_ONE
#define DEFECT_DECIDE_ONE(decision) ((decision)->action = STIPEND_SKIP)
#endif
static stipend_status decide(const stipend_instance* i, const stipend_sample* in, uint64_t in_stride,
                             stipend_decision* out, uint64_t out_stride, uint64_t count, stipend_error* e) {
    (void)i, (void)e;
    for (uint64_t k = 0; k < count; ++k) {
        const stipend_sample* sample = (const stipend_sample*)((const char*)in + k * in_stride);
        stipend_decision* decision = (stipend_decision*)((char*)out + k * out_stride);
        if (sample->job == STIPEND_JOB_UNKNOWN) {
            decision->action = STIPEND_HOLD;
        } else {
            DEFECT_DECIDE_ONE(decision);
        }
    }
    return STIPEND_OK;
}
static stipend_status bounds(const stipend_instance* i, const stipend_terms* t, int64_t* max_usd_e8,
                             int64_t* min_next_ns, stipend_error* e) {
    (void)i, (void)e;
    *max_usd_e8 = t->base_usd_e8;
    *min_next_ns = DEFECT_MIN_NEXT_NS(t);
    return STIPEND_OK;
}
static const stipend_policy_v1 policy_table = {1, 1, decide, bounds};

#ifndef DEFECT_CHECK_CONFIG
static stipend_status check_config(stipend_str id, stipend_str config, const stipend_terms* t, stipend_error* e) {
    (void)id, (void)config, (void)t, (void)e;
    return STIPEND_OK;
}
#define DEFECT_CHECK_CONFIG check_config
#endif
#ifndef DEFECT_CREATE
static stipend_status create(const stipend_host* h, stipend_str id, stipend_str name, stipend_str config,
                             const stipend_terms* t, stipend_instance** out, stipend_error* e) {
    (void)h, (void)id, (void)name, (void)config, (void)t, (void)e;
    DEFECT_IN_CREATE;
    *out = (stipend_instance*)malloc(1);
    return STIPEND_OK;
}
#define DEFECT_CREATE create
#endif
static stipend_status start(stipend_instance* i, stipend_error* e) {
    (void)i, (void)e;
    DEFECT_IN_START;
    return STIPEND_OK;
}
static void quiesce(stipend_instance* i) {
    (void)i;
    DEFECT_IN_QUIESCE;
}
static stipend_status health(stipend_instance* i, stipend_error* e) {
    (void)i, (void)e;
    return STIPEND_OK;
}
#ifndef DEFECT_INTERFACE
#define DEFECT_INTERFACE (&policy_table)
#endif
#ifndef DEFECT_INTERFACE_ID
#define DEFECT_INTERFACE_ID STIPEND_POLICY
#endif
static const void* get_interface(stipend_instance* i, const char* id) {
    (void)i;
    return strcmp(id, DEFECT_INTERFACE_ID) == 0 ? (const void*)DEFECT_INTERFACE : NULL;
}
static void destroy(stipend_instance* i) {
    DEFECT_IN_DESTROY;
    free(i);
}

static const stipend_lifecycle_v1 lifecycle = {DEFECT_CHECK_CONFIG, DEFECT_CREATE, start, quiesce, health,
                                               get_interface,       destroy};

static const char* const kinds[] = {DEFECT_KIND, NULL};
static const stipend_descriptor descriptor = {.size = sizeof(stipend_descriptor),
                                              .flags = DEFECT_FLAGS,
                                              .id = DEFECT_ID,
                                              .name = "Defect",
                                              .version = DEFECT_VERSION,
                                              .vendor = "",
                                              .license = "MIT",
                                              .description = "",
                                              .url = "",
                                              .config_schema_json = DEFECT_SCHEMA,
                                              .kinds = kinds};

#ifndef DEFECT_INIT
static stipend_status init(const char* path, stipend_error* e) {
    (void)path, (void)e;
    DEFECT_IN_INIT;
    return STIPEND_OK;
}
#define DEFECT_INIT init
#endif
static void deinit(void) {
    DEFECT_IN_DEINIT;
}
static uint32_t count(void) {
    return DEFECT_COUNT;
}
#ifndef DEFECT_DESCRIBE
#define DEFECT_DESCRIBE(index) ((index) < DEFECT_COUNT ? &descriptor : NULL)
#endif
static const stipend_descriptor* describe(uint32_t index) {
    return DEFECT_DESCRIBE(index);
}

#ifdef __cplusplus
extern "C"
#else
extern
#endif
    __attribute__((visibility("default"))) const stipend_entry DEFECT_SYMBOL;
const stipend_entry DEFECT_SYMBOL = {
    .magic = DEFECT_MAGIC,
    .size = DEFECT_SIZE,
    .abi_major = DEFECT_MAJOR,
    .abi_minor = STIPEND_ABI_MINOR,
    .sdk = "by hand",
    .build = "C",
    .init = DEFECT_INIT,
    .deinit = deinit,
    .count = count,
    .describe = describe,
    .lifecycle = &lifecycle,
};

#endif
