module example.com/slugs

go 1.24

require example.com/slug v1.2.0
