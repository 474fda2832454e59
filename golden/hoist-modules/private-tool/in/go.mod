module example.com/shop

go 1.24

require github.com/go-chi/chi/v5 v5.2.1
require git.example.com/team/gen v0.1.0 // indirect

tool git.example.com/team/gen
