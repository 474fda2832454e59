module example.com/services
