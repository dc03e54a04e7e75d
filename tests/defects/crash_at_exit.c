#include <signal.h>
__attribute__((destructor)) static void crash(void) {
    raise(SIGSEGV);
}
#include "defect.h"
