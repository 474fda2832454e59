package main

// Rate is the rate in percent.
var Rate = 19
