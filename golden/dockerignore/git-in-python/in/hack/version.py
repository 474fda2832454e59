import subprocess

print(subprocess.check_output(["git", "describe", "--tags"], text=True))
