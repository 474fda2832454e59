import os
import subprocess

env = dict(os.environ)
subprocess.run(["docker", "build", "."], env=env)
subprocess.run(["docker", "build", "."], env={"LANG": "C"})
