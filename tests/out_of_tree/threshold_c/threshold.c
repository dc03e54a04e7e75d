/* Pays one dollar for each period in which the uptime reached 95 %. In plain C, against the ABI alone. */
#include <stipend/abi/entry.h>
#include <stipend/abi/policy.h>
#include <stipend/version.h>
#include <string.h>

enum { AT_LEAST_PPM = 950000, PAY_USD_E8 = 100000000 };

/* A policy that keeps nothing needs no memory for an instance: its address is enough. */
struct stipend_instance {
    char unused;
};
static stipend_instance the_instance;

static void decide_one(const stipend_sample* s, stipend_decision* d) {
    const int answered = s->job == STIPEND_JOB_OK && (s->flags & STIPEND_SAMPLE_REPORTED) != 0;
    if (s->job == STIPEND_JOB_UNKNOWN) {
        d->action = STIPEND_HOLD;
        return;
    }
    d->action = STIPEND_SKIP;
    d->consecutive_failures = answered ? 0 : s->consecutive_failures + 1;
    if (answered && s->reported_ppm >= AT_LEAST_PPM) {
        d->action = STIPEND_PAY;
        d->amount_usd_e8 = PAY_USD_E8;
    }
}

/* Records lie `stride` bytes apart, which is not always their size here: the host may know a longer record. */
static stipend_status decide(const stipend_instance* i, const stipend_sample* in, uint64_t in_stride,
                             stipend_decision* out, uint64_t out_stride, uint64_t count, stipend_error* e) {
    (void)i, (void)e;
    const char* next_in = (const char*)in;
    char* next_out = (char*)out;
    for (uint64_t k = 0; k < count; ++k, next_in += in_stride, next_out += out_stride) {
        const stipend_sample* sample = (const stipend_sample*)(const void*)next_in;
        stipend_decision* decision = (stipend_decision*)(void*)next_out;
        if (sample->size < sizeof *sample || decision->size < sizeof *decision) return STIPEND_E_UNSUPPORTED;
        decide_one(sample, decision);
    }
    return STIPEND_OK;
}
static stipend_status bounds(const stipend_instance* i, const stipend_terms* t, int64_t* max_usd_e8,
                             int64_t* min_next_ns, stipend_error* e) {
    (void)i, (void)e;
    *max_usd_e8 = PAY_USD_E8;
    *min_next_ns = t->interval_ns;
    return STIPEND_OK;
}
static const stipend_policy_v1 policy = {.revision = 1, .memory_version = 1, .decide = decide, .bounds = bounds};

static stipend_status check_config(stipend_str id, stipend_str config, const stipend_terms* t, stipend_error* e) {
    (void)id, (void)config, (void)t, (void)e;
    return STIPEND_OK;
}
static stipend_status create(const stipend_host* h, stipend_str id, stipend_str name, stipend_str config,
                             const stipend_terms* t, stipend_instance** out, stipend_error* e) {
    (void)h, (void)id, (void)name, (void)config, (void)t, (void)e;
    *out = &the_instance;
    return STIPEND_OK;
}
static stipend_status start(stipend_instance* i, stipend_error* e) {
    (void)i, (void)e;
    return STIPEND_OK;
}
static void quiesce(stipend_instance* i) {
    (void)i;
}
static stipend_status health(stipend_instance* i, stipend_error* e) {
    (void)i, (void)e;
    return STIPEND_OK;
}
static const void* get_interface(stipend_instance* i, const char* id) {
    (void)i;
    return strcmp(id, STIPEND_POLICY) == 0 ? &policy : NULL;
}
static void destroy(stipend_instance* i) {
    (void)i;
}
static const stipend_lifecycle_v1 lifecycle = {check_config, create, start, quiesce, health, get_interface, destroy};

static const char* const kinds[] = {STIPEND_POLICY, NULL};
static const stipend_descriptor descriptor = {.size = sizeof(stipend_descriptor),
                                              .id = "org.example.threshold-c",
                                              .name = "Threshold in C",
                                              .version = "1.0.0",
                                              .kinds = kinds};

static stipend_status init(const char* path, stipend_error* e) {
    (void)path, (void)e;
    return STIPEND_OK;
}
static void deinit(void) {}
static uint32_t count(void) {
    return 1;
}
static const stipend_descriptor* describe(uint32_t index) {
    return index == 0 ? &descriptor : NULL;
}

extern __attribute__((visibility("default"))) const stipend_entry stipend_entry_v1;
const stipend_entry stipend_entry_v1 = {.magic = STIPEND_MAGIC,
                                        .size = sizeof(stipend_entry),
                                        .abi_major = STIPEND_ABI_MAJOR,
                                        .abi_minor = STIPEND_ABI_MINOR,
                                        .sdk = "C, stipend " STIPEND_VERSION,
                                        .build = __VERSION__,
                                        .init = init,
                                        .deinit = deinit,
                                        .count = count,
                                        .describe = describe,
                                        .lifecycle = &lifecycle};
