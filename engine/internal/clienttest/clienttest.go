// Package clienttest finds client programs and drivers for tests, where packaging/test-deps.sh has put them. What is missing
// skips a test with a message that says what to install.
package clienttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Node gives the Node.js program and the environment in which it finds the module mysql2. A NODE_PATH that is set already
// counts first.
func Node(t testing.TB) (bin string, env []string) {
	t.Helper()
	bin, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped, needs Node.js (apt install nodejs npm)")
	}
	paths := os.Getenv("NODE_PATH")
	if cache, err := os.UserCacheDir(); err == nil {
		paths += string(filepath.ListSeparator) + filepath.Join(cache, "keepsql-test", "node", "node_modules")
	}
	env = append(os.Environ(), "NODE_PATH="+paths)
	probe := exec.Command(bin, "-e", "require('mysql2')")
	if probe.Env = env; probe.Run() != nil {
		t.Skip("skipped, needs Node's mysql2 (sh packaging/test-deps.sh installs it)")
	}
	return bin, env
}

// connectorJ is where Debian and Fedora put the MariaDB connector.
var connectorJ = []string{"/usr/share/java/mariadb-java-client.jar", "/usr/lib/java/mariadb-java-client.jar"}

// Java compiles a program of one file, whose class is called like the file, against the MariaDB connector, and gives the
// command that runs it.
func Java(t testing.TB, source string) (bin string, args []string) {
	t.Helper()
	bin, err := exec.LookPath("java")
	if err != nil {
		t.Skip("skipped, needs Java (apt install default-jre-headless ecj libmariadb-java)")
	}
	jar := ""
	for _, name := range connectorJ {
		if _, err := os.Stat(name); err == nil {
			jar = name
		}
	}
	if jar == "" {
		t.Skip("skipped, needs the MariaDB connector for Java (apt install libmariadb-java)")
	}
	classes := t.TempDir()
	class := filepath.Base(source[:len(source)-len(filepath.Ext(source))])
	compile := exec.Command("ecj", "-11", "-proc:none", "-cp", jar, "-d", classes, source)
	if _, err := exec.LookPath("ecj"); err != nil { // which Debian calls javac as well, so it is asked first
		if _, err := exec.LookPath("javac"); err != nil {
			t.Skip("skipped, needs a Java compiler (apt install ecj)")
		}
		compile = exec.Command("javac", "-cp", jar, "-d", classes, source)
	}
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("compile %s: %v\n%s", source, err, out)
	}
	return bin, []string{"-Xmx256m", "-XX:+UseSerialGC", "-cp", jar + string(filepath.ListSeparator) + classes, class}
}
