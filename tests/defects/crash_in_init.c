#include <signal.h>
#define DEFECT_IN_INIT raise(SIGSEGV)
#include "defect.h"
