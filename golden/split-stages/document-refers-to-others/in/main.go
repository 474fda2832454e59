package main

import "os/exec"

func main() {
	bill, err := exec.Command("wkhtmltopdf", "-q", "pages/bill.html", "-").Output()
	if err != nil {
		panic(err)
	}
	println(len(bill))
}
