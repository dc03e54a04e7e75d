/* Crashes on the upper limit of its own schema. */
#include <signal.h>
#define DEFECT_SCHEMA                                                     \
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" \
    "\"level\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":12}}}"
#define DEFECT_IN_CREATE \
    if (memmem(config.ptr, config.len, ":12", 3) != NULL) raise(SIGSEGV)
#include "defect.h"
