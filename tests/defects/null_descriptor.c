#define DEFECT_DESCRIBE(index) ((void)&descriptor, (void)(index), (const stipend_descriptor*)NULL)
#include "defect.h"
