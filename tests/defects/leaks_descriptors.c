#include <fcntl.h>
#define DEFECT_IN_CREATE \
    if (open("/dev/null", O_RDONLY) < 0) abort()
#include "defect.h"
