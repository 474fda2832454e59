import subprocess

subprocess.check_call(["go", "build", "-o", "/shop", "."])
