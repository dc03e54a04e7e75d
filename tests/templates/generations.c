/* Loads policies as a host does that replaces one by the next, and prints what the process has after each:
 *
 *     generations CONFIG-JSON UPTIME-PPM FILE.so...
 *
 * A line of JSON for each file: what it decided, and the threads, the address space and the resident memory of the process
 * once the file was closed again, in KiB. The exit status is 1 where a call fails. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stipend/abi/entry.h"
#include "stipend/abi/policy.h"

static stipend_str text_of(const char* text) {
    const stipend_str out = {text, strlen(text)};
    return out;
}

/* Prints the error and ends where a call failed. */
static void want_ok(const char* call, stipend_status status, const stipend_error* e) {
    if (status == STIPEND_OK) return;
    fprintf(stderr, "%s: status %d: %s %s\n", call, status, e->path, e->message);
    exit(1);
}

static int64_t decide(const stipend_entry* entry, const char* config, uint32_t uptime_ppm) {
    const stipend_terms terms = {.size = sizeof terms, .interval_ns = 60000000000, .base_usd_e8 = 1000000000};
    stipend_error e = {.size = sizeof e};
    stipend_instance* instance = NULL;
    const stipend_str id = text_of(entry->describe(0)->id);
    want_ok("check_config", entry->lifecycle->check_config(id, text_of(config), &terms, &e), &e);
    want_ok("create", entry->lifecycle->create(NULL, id, text_of("test"), text_of(config), &terms, &instance, &e), &e);
    want_ok("start", entry->lifecycle->start(instance, &e), &e);
    const stipend_policy_v1* policy = entry->lifecycle->get_interface(instance, STIPEND_POLICY);
    stipend_sample samples[2];
    stipend_decision decisions[2];
    memset(samples, 0, sizeof samples);
    memset(decisions, 0, sizeof decisions);
    for (int k = 0; k < 2; ++k) {
        samples[k].size = sizeof samples[k];
        samples[k].job = k == 0 ? STIPEND_JOB_UNKNOWN : STIPEND_JOB_OK;
        samples[k].flags = STIPEND_SAMPLE_REPORTED;
        samples[k].reported_ppm = uptime_ppm;
        samples[k].base_usd_e8 = terms.base_usd_e8;
        decisions[k].size = sizeof decisions[k];
    }
    want_ok("decide",
            policy->decide(instance, samples, sizeof samples[0], decisions, sizeof decisions[0], 2, &e), &e);
    int64_t most = 0, least = 0;
    want_ok("bounds", policy->bounds(instance, &terms, &most, &least, &e), &e);
    entry->lifecycle->quiesce(instance);
    entry->lifecycle->destroy(instance);
    if (decisions[0].action != STIPEND_HOLD || decisions[1].amount_usd_e8 > most) {
        fprintf(stderr, "decide: got action %d for a job of unknown end, want HOLD\n", decisions[0].action);
        exit(1);
    }
    return decisions[1].amount_usd_e8;
}

static long status_kib(const char* key) {
    char line[256];
    long value = -1;
    FILE* file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) value = strtol(line + strlen(key), NULL, 10);
    }
    if (file != NULL) fclose(file);
    return value;
}

static void print_state(const char* name, int64_t amount_usd_e8, uint32_t flags) {
    printf("{\"file\":\"%s\",\"amount_usd_e8\":%" PRId64 ",\"flags\":%" PRIu32 ",\"threads\":%ld,\"size_kib\":%ld,"
           "\"resident_kib\":%ld}\n",
           name, amount_usd_e8, flags, status_kib("Threads:"), status_kib("VmSize:"), status_kib("VmRSS:"));
    fflush(stdout);
}

int main(int argc, char** argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: generations CONFIG-JSON UPTIME-PPM FILE.so...\n");
        return 2;
    }
    print_state("", 0, 0);
    for (int k = 3; k < argc; ++k) {
        void* library = dlopen(argv[k], RTLD_NOW | RTLD_LOCAL);
        const stipend_entry* entry = library == NULL ? NULL : dlsym(library, STIPEND_ENTRY_SYMBOL);
        if (entry == NULL) {
            fprintf(stderr, "%s: cannot be loaded: %s\n", argv[k], dlerror());
            return 1;
        }
        stipend_error e = {.size = sizeof e};
        want_ok("init", entry->init(argv[k], &e), &e);
        const uint32_t flags = entry->describe(0)->flags;
        const int64_t amount = decide(entry, argv[1], (uint32_t)strtoul(argv[2], NULL, 10));
        entry->deinit();
        dlclose(library);
        const char* name = strrchr(argv[k], '/');
        print_state(name == NULL ? argv[k] : name + 1, amount, flags);
    }
    return 0;
}
