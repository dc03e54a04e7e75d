#include <unistd.h>
#define DEFECT_IN_QUIESCE \
    for (;;) pause()
#include "defect.h"
