package ledger

import (
	"os"
	"os/exec"
)

func Open() ([]byte, error) {
	exec.Command("gpg", "--verify", "ledger.sig").Run()
	return os.ReadFile("ledger.conf")
}
