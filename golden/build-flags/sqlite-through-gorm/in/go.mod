module example.com/shop

go 1.24

require gorm.io/driver/sqlite v1.5.7
require gorm.io/gorm v1.25.12
