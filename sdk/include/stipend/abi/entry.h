/* The one symbol that a plugin exports:
 *
 *     extern const stipend_entry stipend_entry_v1;
 *
 * All other symbols are hidden. The symbol contains the major version, so a host never calls into a table that it does
 * not know. */
#ifndef STIPEND_ABI_ENTRY_H
#define STIPEND_ABI_ENTRY_H

#include "lifecycle.h"
#include "monitor.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_ABI_MAJOR 1u
#define STIPEND_ABI_MINOR 0u /* diagnostic, never a gate */
#define STIPEND_MAGIC 0x31505453u /* "STP1" */
#define STIPEND_ENTRY_SYMBOL "stipend_entry_v1"

enum { /* stipend_descriptor.flags */
    /* Wants a process of its own: its runtime takes signals, or keeps threads and address space when the library is closed.
     * It is never loaded into the host; a host without such processes rejects it. */
    STIPEND_PLUGIN_NEEDS_PROCESS = 1
};

typedef struct stipend_descriptor { /* static: valid while the library is mapped */
    uint32_t size;
    uint32_t flags; /* one that the host does not know: it rejects the plugin */
    const char* id; /* reverse DNS, never changes, such as "org.example.pay" */
    const char* name;
    const char* version;
    const char* vendor;
    const char* license;
    const char* description;
    const char* url;
    const char* config_schema_json; /* JSON Schema 2020-12 of a closed object; NULL: no configuration */
    const char* const* kinds;       /* interface ids, NULL-terminated */
} stipend_descriptor;

typedef struct stipend_entry {
    uint32_t magic;
    uint32_t size;
    uint32_t abi_major;
    uint32_t abi_minor;
    const char* sdk;   /* diagnostics: the SDK and the compiler of this build */
    const char* build;
    /* Prepares the library. One `deinit` follows each successful call. [control] `path` is borrowed. */
    stipend_status (*init)(const char* path, stipend_error* e);
    void (*deinit)(void);                                  /* [control] */
    uint32_t (*count)(void);                               /* [any] number of plugins in this library */
    const stipend_descriptor* (*describe)(uint32_t index); /* [any] NULL: out of range */
    const stipend_lifecycle_v1* lifecycle;
    /* Checks whether a monitor of this library that has this configuration could ever look at the target. [any] No
     * effects. `e->path` is a JSON pointer into the target's attributes, and empty for its endpoint. NULL, and absent in
     * an older library: not known. */
    stipend_status (*check_target)(stipend_str plugin_id, stipend_str config_json, const stipend_terms* terms,
                                   const stipend_target* t, stipend_error* e);
} stipend_entry;

#ifdef __cplusplus
}
#endif
#endif
