// Command checksum prints the Fletcher-16 checksum of its arguments.
package main

/*
#include <stdlib.h>
#include "fletcher.h"
*/
import "C"

import (
	"fmt"
	"os"
	"strings"
	"unsafe"
)

func main() {
	text := strings.Join(os.Args[1:], " ")
	c := C.CString(text)
	defer C.free(unsafe.Pointer(c))
	fmt.Printf("%04x  %s\n", uint32(C.fletcher16(c, C.size_t(len(text)))), text)
}
