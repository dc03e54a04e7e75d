#include <signal.h>
#define DEFECT_IN_DEINIT raise(SIGBUS)
#include "defect.h"
