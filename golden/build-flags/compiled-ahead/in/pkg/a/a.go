package a

func Hi() string { return "hi" }
