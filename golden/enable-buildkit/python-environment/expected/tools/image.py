import os
import subprocess

env = dict(os.environ)
subprocess.run(["docker", "build", "."], env={**env, "DOCKER_BUILDKIT": "1"})
subprocess.run(["docker", "build", "."], env={"LANG": "C", "DOCKER_BUILDKIT": "1"})
