/* A policy in C11: three functions, a descriptor and one macro.
 *
 *     struct settings { ... };
 *     static stipend_status parse(const stipend_config*, const stipend_terms*, struct settings*, stipend_error*);
 *     static stipend_status decide(const struct settings*, const stipend_sample*, stipend_decision*, stipend_error*);
 *     static stipend_status bounds(const struct settings*, const stipend_terms*, int64_t* max_usd_e8, int64_t*
 * min_next_ns, stipend_error*); static const stipend_descriptor descriptor = {.size = sizeof(stipend_descriptor), .id =
 * "org.example.flat", ..., .kinds = stipend_c_policy_kinds}; STIPEND_C_POLICY(struct settings, descriptor, parse,
 * decide, bounds, 1, 1);
 *
 * `parse` and `bounds` have no effects, and `decide` is [pure] (stipend/abi/policy.h): the settings are read, nothing
 * else is kept, and what it remembers is in the decision's memory. A decision comes zeroed, with its size. Each
 * function returns OK, or what stipend_fail() returned; then nothing of its output counts. The macro's last arguments
 * are `revision` and `memory_version`.
 *
 * This header defines `struct stipend_instance`: a library that includes it has one policy and no other plugin. */
#ifndef STIPEND_C_POLICY_H
#define STIPEND_C_POLICY_H

#include <stdlib.h>

#include "stipend/abi/policy.h"
#include "stipend/c/plugin.h"

/* The author's functions, behind `void*`. */
typedef struct stipend_c_policy {
    size_t settings_size;
    stipend_status (*parse)(const stipend_config* config, const stipend_terms* terms, void* settings, stipend_error* e);
    stipend_status (*decide)(const void* settings, const stipend_sample* sample, stipend_decision* decision,
                             stipend_error* e);
    stipend_status (*bounds)(const void* settings, const stipend_terms* terms, int64_t* max_usd_e8,
                             int64_t* min_next_ns, stipend_error* e);
    stipend_policy_v1 table;
} stipend_c_policy;

struct stipend_instance {
    const stipend_c_policy* policy;
    _Alignas(max_align_t) unsigned char settings[];
};

static const char* const stipend_c_policy_kinds[] = {STIPEND_POLICY, NULL};

/* An instance with its settings read; NULL where they are refused, with `*status`. */
static inline stipend_instance* stipend_c_policy_make(const stipend_c_policy* policy, stipend_str json,
                                                      const stipend_terms* terms, stipend_status* status,
                                                      stipend_error* e) {
    stipend_config config;
    stipend_terms whole;
    stipend_record_read(&whole, sizeof whole, terms);
    *status = stipend_config_read(json, &config, e);
    if (*status != STIPEND_OK) return NULL;
    stipend_instance* out = (stipend_instance*)calloc(1, sizeof *out + policy->settings_size);
    if (out == NULL) {
        *status =
            stipend_fail(e, STIPEND_E_LIMIT, NULL, "settings: got no memory for %zu bytes", policy->settings_size);
        return NULL;
    }
    out->policy = policy;
    *status = policy->parse(&config, &whole, out->settings, e);
    if (*status == STIPEND_OK) return out;
    free(out);
    return NULL;
}

static inline stipend_status stipend_c_policy_start(stipend_instance* i, stipend_error* e) {
    (void)i, (void)e;
    return STIPEND_OK;
}
static inline void stipend_c_policy_quiesce(stipend_instance* i) {
    (void)i;
}
static inline stipend_status stipend_c_policy_health(stipend_instance* i, stipend_error* e) {
    (void)i, (void)e;
    return STIPEND_OK;
}
static inline const void* stipend_c_policy_interface(stipend_instance* i, const char* id) {
    return strcmp(id, STIPEND_POLICY) == 0 ? &i->policy->table : NULL;
}
static inline void stipend_c_policy_destroy(stipend_instance* i) {
    free(i);
}

/* Records lie `stride` bytes apart, and may be shorter or longer than this version of them. */
static inline stipend_status stipend_c_policy_decide(const stipend_instance* i, const stipend_sample* in,
                                                     uint64_t in_stride, stipend_decision* out, uint64_t out_stride,
                                                     uint64_t count, stipend_error* e) {
    const char* next_in = (const char*)in;
    char* next_out = (char*)out;
    for (uint64_t k = 0; k < count; ++k, next_in += in_stride, next_out += out_stride) {
        stipend_sample sample;
        stipend_decision decision;
        memset(&decision, 0, sizeof decision);
        decision.size = sizeof decision;
        stipend_record_read(&sample, sizeof sample, next_in);
        const stipend_status status = i->policy->decide(i->settings, &sample, &decision, e);
        if (status != STIPEND_OK) return status;
        stipend_record_write(next_out, &decision, sizeof decision);
    }
    return STIPEND_OK;
}
static inline stipend_status stipend_c_policy_bounds(const stipend_instance* i, const stipend_terms* t,
                                                     int64_t* max_usd_e8, int64_t* min_next_ns, stipend_error* e) {
    stipend_terms whole;
    stipend_record_read(&whole, sizeof whole, t);
    return i->policy->bounds(i->settings, &whole, max_usd_e8, min_next_ns, e);
}

/* Exports a library with this policy alone. Functions of other types than those above are an error of the compiler. */
#define STIPEND_C_POLICY(SETTINGS, DESCRIPTOR, PARSE, DECIDE, BOUNDS, REVISION, MEMORY_VERSION)                       \
    static stipend_status stipend_c_own_parse(const stipend_config* config, const stipend_terms* terms,               \
                                              void* settings, stipend_error* e) {                                     \
        return PARSE(config, terms, (SETTINGS*)settings, e);                                                          \
    }                                                                                                                 \
    static stipend_status stipend_c_own_decide(const void* settings, const stipend_sample* sample,                    \
                                               stipend_decision* decision, stipend_error* e) {                        \
        return DECIDE((const SETTINGS*)settings, sample, decision, e);                                                \
    }                                                                                                                 \
    static stipend_status stipend_c_own_bounds(const void* settings, const stipend_terms* terms, int64_t* max_usd_e8, \
                                               int64_t* min_next_ns, stipend_error* e) {                              \
        return BOUNDS((const SETTINGS*)settings, terms, max_usd_e8, min_next_ns, e);                                  \
    }                                                                                                                 \
    static const stipend_c_policy stipend_c_own_policy = {                                                            \
        sizeof(SETTINGS),                                                                                             \
        stipend_c_own_parse,                                                                                          \
        stipend_c_own_decide,                                                                                         \
        stipend_c_own_bounds,                                                                                         \
        {(REVISION), (MEMORY_VERSION), stipend_c_policy_decide, stipend_c_policy_bounds}};                            \
    static stipend_status stipend_c_own_check(stipend_str id, stipend_str json, const stipend_terms* t,               \
                                              stipend_error* e) {                                                     \
        stipend_status status;                                                                                        \
        (void)id;                                                                                                     \
        stipend_instance* made = stipend_c_policy_make(&stipend_c_own_policy, json, t, &status, e);                   \
        if (made != NULL) stipend_c_policy_destroy(made);                                                             \
        return status;                                                                                                \
    }                                                                                                                 \
    static stipend_status stipend_c_own_create(const stipend_host* h, stipend_str id, stipend_str name,               \
                                               stipend_str json, const stipend_terms* t, stipend_instance** out,      \
                                               stipend_error* e) {                                                    \
        stipend_status status;                                                                                        \
        (void)h, (void)id, (void)name;                                                                                \
        stipend_instance* made = stipend_c_policy_make(&stipend_c_own_policy, json, t, &status, e);                   \
        if (made != NULL) *out = made;                                                                                \
        return status;                                                                                                \
    }                                                                                                                 \
    static const stipend_lifecycle_v1 stipend_c_own_lifecycle = {                                                     \
        stipend_c_own_check,     stipend_c_own_create,       stipend_c_policy_start,  stipend_c_policy_quiesce,       \
        stipend_c_policy_health, stipend_c_policy_interface, stipend_c_policy_destroy};                               \
    STIPEND_C_EXPORT(DESCRIPTOR, stipend_c_own_lifecycle)

#endif
