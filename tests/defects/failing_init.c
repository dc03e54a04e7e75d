#include "stipend/abi/types.h"
#include <string.h>
static stipend_status no_luck(const char* path, stipend_error* e) {
    (void)path;
    strcpy(e->message, "no licence found");
    return STIPEND_E_UNAVAILABLE;
}
#define DEFECT_INIT no_luck
#include "defect.h"
