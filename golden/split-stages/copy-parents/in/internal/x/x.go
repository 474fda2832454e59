package x

import "github.com/google/uuid"

func X() { uuid.New() }
