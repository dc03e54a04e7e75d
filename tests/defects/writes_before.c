static char* volatile at;
#define DEFECT_DECIDE_ONE(d) ((d)->action = STIPEND_SKIP, at = (char*)(d)-8, memset(at, 7, 8))
#include "defect.h"
