#include "stipend/abi/types.h"
stipend_status nobody_defines_this(void);
static stipend_status init_by_nobody(const char* path, stipend_error* e) {
    (void)path, (void)e;
    return nobody_defines_this();
}
#define DEFECT_INIT init_by_nobody
#include "defect.h"
