/* The one symbol that a plugin exports:
 *
 *     extern const stipend_entry stipend_entry_v1;
 *
 * All else is hidden. The major version is part of the name, so a host never calls into a table that it cannot read. */
#ifndef STIPEND_ABI_ENTRY_H
#define STIPEND_ABI_ENTRY_H

#include "lifecycle.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STIPEND_ABI_MAJOR 1u
#define STIPEND_ABI_MINOR 0u /* diagnostic, never a gate */
#define STIPEND_MAGIC 0x31505453u /* "STP1" */
#define STIPEND_ENTRY_SYMBOL "stipend_entry_v1"

enum { /* stipend_descriptor.flags */
    STIPEND_PLUGIN_REENTRANT = 1,
    STIPEND_PLUGIN_PURE = 2, /* gets no service of the host; a policy must be */
    STIPEND_PLUGIN_UNLOAD_SAFE = 4,
    STIPEND_PLUGIN_USES_SECRETS = 8
};

typedef struct stipend_descriptor { /* static; valid while the library is mapped */
    uint32_t size;
    uint32_t reserved0;
    const char* id; /* reverse-DNS, never changes, e.g. "org.example.pay" */
    const char* name;
    const char* version;
    const char* vendor;
    const char* license;
    const char* description;
    const char* url;
    const char* config_schema_json; /* JSON Schema 2020-12 of a closed object; NULL: takes no configuration */
    const char* const* kinds;       /* interface ids, NULL-terminated */
    uint32_t flags;
    uint32_t reserved1;
} stipend_descriptor;

typedef struct stipend_entry {
    uint32_t magic;
    uint32_t size;
    uint32_t abi_major;
    uint32_t abi_minor;
    const char* sdk;   /* diagnostics: who built this, with what */
    const char* build;
    /* Prepares the library; calls are counted, each answered by one `deinit`. [control] `path` is borrowed. */
    stipend_status (*init)(const char* path, stipend_error* e);
    void (*deinit)(void);                                  /* [control] */
    uint32_t (*count)(void);                               /* [any] how many plugins live in this library */
    const stipend_descriptor* (*describe)(uint32_t index); /* [any] NULL out of range */
    const stipend_lifecycle_v1* lifecycle;
} stipend_entry;

#ifdef __cplusplus
}
#endif
#endif
