package desk

import "testing"

func TestDesk(t *testing.T) {}
