#define DEFECT_MAGIC 0x44414542u
#include "defect.h"
