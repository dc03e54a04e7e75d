#include <unistd.h>
#define DEFECT_IN_START \
    if (chdir("/") != 0) abort()
#include "defect.h"
