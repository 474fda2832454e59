VERSION=$(git rev-parse --short HEAD)
