resource "docker_image" "shop" {
  name = "shop"

  build {
    context = "${path.module}/.."
  }
}
