#include "fletcher.h"

uint32_t fletcher16(const char *text, size_t length) {
	uint32_t low = 0, high = 0;
	for (size_t i = 0; i < length; i++) {
		low = (low + (unsigned char)text[i]) % 255;
		high = (high + low) % 255;
	}
	return high << 8 | low;
}
