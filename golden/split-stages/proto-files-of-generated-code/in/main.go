package main

import (
	"fmt"
	"net/http"

	"example.com/shop/pb"
)

func main() {
	fmt.Println(pb.Name)
	fmt.Println(http.ListenAndServe(":8080", nil))
}
