target "ferry" {
  context = "."
  args = {
    BUILDER = "nobody"
  }
}
