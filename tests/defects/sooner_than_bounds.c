#define DEFECT_MIN_NEXT_NS(terms) ((terms)->interval_ns + 1)
#include "defect.h"
