#include <signal.h>
#define DEFECT_IN_CREATE raise(SIGFPE)
#include "defect.h"
