job "beacon" {
  group "web" {
    service {
      name = "beacon"
      check {
        type     = "script"
        task     = "beacon"
        command  = "/bin/sh"
        args     = ["-c", "test -e /tmp/ready"]
        interval = "10s"
        timeout  = "2s"
      }
    }
    task "beacon" {
      driver = "docker"
      config {
        image = "registry.example.com/beacon:4"
      }
    }
  }
}
