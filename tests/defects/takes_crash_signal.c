#include <signal.h>
#define DEFECT_IN_INIT signal(SIGSEGV, SIG_IGN)
#include "defect.h"
