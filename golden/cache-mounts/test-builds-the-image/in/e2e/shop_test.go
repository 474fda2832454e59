package e2e

import (
	"testing"

	"github.com/testcontainers/testcontainers-go"
)

func TestShop(t *testing.T) {
	_, err := testcontainers.Run(t.Context(), "", testcontainers.WithDockerfile(
		testcontainers.FromDockerfile{
			Context:    "..",
			Dockerfile: "Dockerfile",
		},
	))
	if err != nil {
		t.Fatal(err)
	}
}
