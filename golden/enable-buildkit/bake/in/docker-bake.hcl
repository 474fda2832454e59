target "default" {
  context = "."
  tags = ["shop"]
}
