/* What shim.c and the Go side share; see shim.c. */
#ifndef STIPEND_GO_SHIM_H
#define STIPEND_GO_SHIM_H

#include "stipend/abi/entry.h"
#include "stipend/abi/policy.h"

/* What Go says of the library; the texts are allocated once and stay. */
typedef struct stipend_go_library {
    stipend_descriptor descriptor;
    uint32_t revision;
    uint32_t memory_version;
} stipend_go_library;

#endif
