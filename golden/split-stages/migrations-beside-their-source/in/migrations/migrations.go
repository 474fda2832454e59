package migrations

import "github.com/uptrace/bun/migrate"

var all = migrate.NewMigrations()

func init() {
	if err := all.DiscoverCaller(); err != nil {
		panic(err)
	}
}

func Run() {}
