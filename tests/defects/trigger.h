/* A defect that shows only once the file that STIPEND_DEFECT_TRIGGER names is there, and never in the probe: the plugin
 * passes every trial. */
#ifndef STIPEND_DEFECT_TRIGGER_H
#define STIPEND_DEFECT_TRIGGER_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline int in_probe(void) { return strcmp(program_invocation_short_name, "stipend-probe") == 0; }

static inline int triggered(void) {
    const char* file = getenv("STIPEND_DEFECT_TRIGGER");
    return file != NULL && access(file, F_OK) == 0 && !in_probe();
}

#endif
