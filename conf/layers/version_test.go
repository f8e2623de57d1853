package layers_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/keepsql/keepsql/conf/layers"
	"github.com/keepsql/keepsql/conf/schema"
	"github.com/keepsql/keepsql/conf/store"
)

const ownVersion = "2.7.1-16-g2726c27"

// version is what the node shows, and where it comes from.
func (n *node) version() string {
	text, source := n.Version()
	return text + " " + source.String()
}

// TestVersion: the version that is shown, over restarts and edits of the file.
func TestVersion(t *testing.T) {
	dir := t.TempDir()
	n := boot(t, dir, "")
	expect := func(when, want string) {
		t.Helper()
		if got := n.version(); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
		text, _ := n.Version()
		if got := n.list("SELECT variable_value FROM main.global_variables WHERE variable_name='admin-version'"); got != text {
			t.Errorf("%s: memory has %s, shown is %s", when, got, text)
		}
		if got := n.Variables(schema.AdminVariables).String("admin-version"); got != text {
			t.Errorf("%s: %s is in force, shown is %s", when, got, text)
		}
	}
	restart := func(text string) {
		n.stop()
		n = boot(t, dir, text)
	}
	expect("at first", ownVersion+" own")
	if follows, err := n.FollowVersion("a:6032", "2.7.3"); !follows || err != nil {
		t.Errorf("does not follow: %v %v", follows, err)
	}
	if _, err := n.FollowVersion("a:6032", "nonsense"); err == nil {
		t.Error("follows nonsense")
	}
	expect("after a peer's", "2.7.3 followed")
	stamp := n.Stamps()[schema.AdminVariables]
	restart("")
	expect("after a restart", "2.7.3 followed")
	if got := n.Stamps()[schema.AdminVariables]; got != stamp {
		t.Errorf("the stamp was %+v and is %+v", stamp, got)
	}
	n.apply(`admin_variables={version="2.7.3"}`)
	expect("what is shown already, from the file", "2.7.3 configured")
	if follows, err := n.FollowVersion("a:6032", "2.7.4"); follows || err != nil {
		t.Errorf("follows although a version is configured: %v %v", follows, err)
	}
	restart(`admin_variables={version="2.7.3"}`)
	expect("after a restart", "2.7.3 configured")
	n.apply("")
	expect("taken out of the file", ownVersion+" own")
	restart(`admin_variables={version="2.7.5"}`)
	expect("edited while down", "2.7.5 configured")
	n.exec("UPDATE global_variables SET variable_value='" + ownVersion + "' WHERE variable_name='admin-version'")
	n.load(schema.AdminVariables)
	expect("set to the program's own", ownVersion+" own")
	n.exec("UPDATE global_variables SET variable_value='2.7.6' WHERE variable_name='admin-version'")
	n.load(schema.AdminVariables)
	expect("set", "2.7.6 configured")
	n.stop()
}

// TestVersionOfForeignDatabase: a database that ProxySQL wrote brings its version along, so that its peers accept us at once.
func TestVersionOfForeignDatabase(t *testing.T) {
	dir := t.TempDir()
	n := boot(t, dir, "")
	n.exec("UPDATE disk.global_variables SET variable_value='2.7.2-9-gabc' WHERE variable_name='admin-version'")
	n.stop()
	if err := os.Remove(filepath.Join(dir, store.StateFile)); err != nil {
		t.Fatal(err)
	}
	n = boot(t, dir, "")
	if got := n.version(); got != "2.7.2-9-gabc followed" {
		t.Error(got)
	}
	if got := layers.ParseVersionSource("else"); got != layers.VersionOwn {
		t.Error(got)
	}
}
