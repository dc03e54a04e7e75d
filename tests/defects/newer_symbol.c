#define DEFECT_SYMBOL stipend_entry_v2
#include "defect.h"
