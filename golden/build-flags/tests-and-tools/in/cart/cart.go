package cart

// Items counts.
var Items int
