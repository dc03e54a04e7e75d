#include <stdlib.h>
__attribute__((constructor)) static void end(void) {
    abort();
}
#include "defect.h"
