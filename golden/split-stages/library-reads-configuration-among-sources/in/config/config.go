package config

func Check(any) {}
