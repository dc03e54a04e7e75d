/* The C side of the plugin ABI, in C11: what every plugin writes the same way. Built by stipend_add_plugin().
 *
 * A policy takes stipend/c/policy.h, which is over this header. A plugin of another kind fills a stipend_lifecycle_v1
 * and a stipend_descriptor, each a constant, and exports them once:
 *
 *     STIPEND_C_EXPORT(descriptor, lifecycle);
 */
#ifndef STIPEND_C_PLUGIN_H
#define STIPEND_C_PLUGIN_H

#include "stipend/abi/entry.h"
#include "stipend/c/config.h"
#include "stipend/c/money.h"
#include "stipend/c/text.h"
#include "stipend/version.h"

#if defined(__clang__)
#define STIPEND_C_COMPILER "clang " __clang_version__
#else
#define STIPEND_C_COMPILER "gcc " __VERSION__
#endif

/* What a library needs that has nothing to prepare. */
static inline stipend_status stipend_c_init(const char* path, stipend_error* e) {
    (void)path, (void)e;
    return STIPEND_OK;
}
static inline void stipend_c_deinit(void) {}
static inline uint32_t stipend_c_count(void) {
    return 1;
}

/* Exports the entry of a library with one plugin; both arguments are constants of this file. Once in a library. */
#define STIPEND_C_EXPORT(DESCRIPTOR, LIFECYCLE)                                          \
    static const stipend_descriptor* stipend_c_describe(uint32_t index) {                \
        return index == 0 ? &(DESCRIPTOR) : NULL;                                        \
    }                                                                                    \
    extern __attribute__((visibility("default"))) const stipend_entry stipend_entry_v1;  \
    const stipend_entry stipend_entry_v1 = {.magic = STIPEND_MAGIC,                      \
                                            .size = sizeof(stipend_entry),               \
                                            .abi_major = STIPEND_ABI_MAJOR,              \
                                            .abi_minor = STIPEND_ABI_MINOR,              \
                                            .sdk = "stipend-sdk " STIPEND_VERSION ", C", \
                                            .build = STIPEND_C_COMPILER,                 \
                                            .init = stipend_c_init,                      \
                                            .deinit = stipend_c_deinit,                  \
                                            .count = stipend_c_count,                    \
                                            .describe = stipend_c_describe,              \
                                            .lifecycle = &(LIFECYCLE)}

#endif
