/* As a runtime of another language: it takes a signal when it is loaded, and says so. */
#include <signal.h>
#define DEFECT_FLAGS STIPEND_PLUGIN_NEEDS_PROCESS
#include "defect.h"

__attribute__((constructor)) static void take(void) { signal(SIGTERM, SIG_IGN); }
