#include <stddef.h>
#include <stdint.h>

uint32_t fletcher16(const char *text, size_t length);
