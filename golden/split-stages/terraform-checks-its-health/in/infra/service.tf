resource "aws_ecr_repository" "this" {
  name = "pantry"
}

resource "aws_ecs_task_definition" "this" {
  family = "pantry"
  container_definitions = jsonencode([
    {
      name      = "pantry"
      image     = "${aws_ecr_repository.this.repository_url}:${var.release}"
      essential = true
      healthCheck = {
        command = ["CMD-SHELL", "curl -fs http://localhost:8080/ready || exit 1"]
      }
    },
    {
      name    = "mesh"
      image   = "envoyproxy/envoy:v1.34-latest"
      command = ["bash", "-c", "envoy --version"]
    }
  ])
}
