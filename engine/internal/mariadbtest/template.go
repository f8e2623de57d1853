package mariadbtest

import (
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
)

// smallFlags keep a server small and quick to start; the template must be made with the same log file size.
var smallFlags = []string{
	"--innodb-buffer-pool-size=16M",
	"--innodb-log-file-size=4M",
	"--key-buffer-size=1M",
	"--aria-pagecache-buffer-size=2M",
}

// accounts replaces whatever accounts mariadb-install-db made by the two the package comment promises.
const accounts = `FLUSH PRIVILEGES;
DELETE FROM mysql.global_priv WHERE User='' OR (User='root' AND Host<>'localhost');
FLUSH PRIVILEGES;
CREATE OR REPLACE USER 'root'@'127.0.0.1';
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
`

func find(program string) (string, error) {
	if p, err := exec.LookPath(program); err == nil {
		return p, nil
	}
	// Debian installs the server in /usr/sbin, which is not in every user's search path.
	if p, err := exec.LookPath(filepath.Join("/usr/sbin", program)); err == nil {
		return p, nil
	}
	return "", ErrNotInstalled
}

// template returns the path of a freshly installed data directory, making it on first use.
func template(mariadbd string) (string, error) {
	install, err := find("mariadb-install-db")
	if err != nil {
		return "", err
	}
	version, err := exec.Command(mariadbd, "--no-defaults", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask mariadbd for its version: %w", err)
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s%v%s", version, smallFlags, accounts)
	path := filepath.Join(os.TempDir(), fmt.Sprintf("mariadbtest-%d-%016x", os.Geteuid(), h.Sum64()))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	tmp, err := os.MkdirTemp("", "mdbt")
	if err != nil {
		return "", fmt.Errorf("make template directory: %w", err)
	}
	defer os.RemoveAll(tmp)
	if err := fill(mariadbd, install, tmp); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(tmp, "data"), path); err != nil {
		if _, serr := os.Stat(path); serr != nil { // otherwise another test binary was faster
			return "", fmt.Errorf("keep template: %w", err)
		}
	}
	return path, nil
}

func fill(mariadbd, install, dir string) error {
	sql := filepath.Join(dir, "accounts.sql")
	if err := os.WriteFile(sql, []byte(accounts), 0o600); err != nil {
		return fmt.Errorf("write accounts: %w", err)
	}
	args := []string{"--no-defaults", "--datadir=" + filepath.Join(dir, "data"),
		"--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--extra-file=" + sql}
	args = append(args, smallFlags...)
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	if out, err := exec.Command(install, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb-install-db: %w: %s", err, out)
	}
	return nil
}
