#include <signal.h>
#define DEFECT_IN_START signal(SIGTERM, SIG_IGN)
#include "defect.h"
