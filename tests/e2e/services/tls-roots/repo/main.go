// Command trust says whether this system trusts anybody.
package main

import (
	"crypto/x509"
	"fmt"
	"os"
)

func main() {
	roots, err := x509.SystemCertPool()
	if err != nil {
		fmt.Println("no pool:", err)
		os.Exit(1)
	}
	if roots.Equal(x509.NewCertPool()) {
		fmt.Println("no roots")
		os.Exit(2)
	}
	fmt.Println("roots found")
}
