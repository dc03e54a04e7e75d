/* It opens a file for writing. */
#include <fcntl.h>
#include "hostile.h"

static void do_harm(void) { (void)!open("/tmp/stipend-hostile", O_WRONLY | O_CREAT, 0600); }
