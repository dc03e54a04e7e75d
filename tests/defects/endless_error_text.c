/* Fails with a text that has no end. */
#define DEFECT_IN_CREATE                        \
    memset(e->message, 'x', sizeof e->message); \
    return STIPEND_E_INVALID
#include "defect.h"
