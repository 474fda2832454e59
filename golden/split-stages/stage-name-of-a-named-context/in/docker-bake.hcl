target "_common" {
  contexts = { builder = "docker-image://registry.example.com/tools:3" }
}
target "shop" {
  inherits = ["_common"]
}
