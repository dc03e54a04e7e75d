#define DEFECT_SYMBOL some_other_name
#include "defect.h"
