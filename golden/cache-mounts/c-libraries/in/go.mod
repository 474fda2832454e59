module example.com/shop

go 1.22

require github.com/h2non/bimg v1.1.9
