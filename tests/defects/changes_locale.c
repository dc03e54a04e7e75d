#include <locale.h>
#define DEFECT_IN_INIT setlocale(LC_ALL, "C.UTF-8")
#include "defect.h"
