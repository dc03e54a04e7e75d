#include <unistd.h>
#define DEFECT_IN_INIT _exit(0)
#include "defect.h"
