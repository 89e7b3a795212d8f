package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// install writes programs that say they are PostgreSQL of a version.
func install(t *testing.T, dir, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %s (Some System)'\n", version)
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindOrder(t *testing.T) {
	// pg_config is looked for on PATH: the test brings its own. Hence no t.Parallel.
	top := t.TempDir()
	path := filepath.Join(top, "path")
	debian := filepath.Join(top, "debian")
	named := install(t, filepath.Join(top, "named"), "18.1")
	configured := install(t, filepath.Join(top, "configured"), "16.3")
	install(t, filepath.Join(debian, "9", "bin"), "9.6.24")
	fifteen := install(t, filepath.Join(debian, "15", "bin"), "15.20")
	seventeen := install(t, filepath.Join(debian, "17", "bin"), "17.2")
	npm := install(t, filepath.Join(top, npmBin()), "17.10")
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	withConfig := path + ":" + os.Getenv("PATH")
	config := "#!/bin/sh\necho " + configured + "\n"
	if err := os.WriteFile(filepath.Join(path, "pg_config"), []byte(config), 0o755); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name  string
		path  string
		s     search
		major int
		want  string
	}{
		{"the setting wins", withConfig, search{env: named, debian: debian}, 0, named},
		{"then pg_config", withConfig, search{debian: debian}, 0, configured},
		{"then the newest installed", "/nowhere", search{debian: debian, roots: []string{top}}, 0, seventeen},
		{"then npm", "/nowhere", search{debian: "/nowhere", roots: []string{"/nowhere", top}}, 0, npm},
		{"data of an older one", withConfig, search{debian: debian}, 15, fifteen},
	}
	for _, c := range cases {
		t.Setenv("PATH", c.path)
		got, err := c.s.find(t.Context(), c.major)
		if err != nil || got.Dir != c.want {
			t.Errorf("%s: found %q, %v; want %q", c.name, got.Dir, err, c.want)
		}
		if got.FromNPM != (c.want == npm) {
			t.Errorf("%s: FromNPM is %v", c.name, got.FromNPM)
		}
	}
}

func TestFindSaysWhatItLookedForAndTheWaysOut(t *testing.T) {
	top := t.TempDir()
	t.Setenv("PATH", "/nowhere")
	old := install(t, filepath.Join(top, "14", "bin"), "14.9")
	_, err := search{debian: top, roots: []string{top}}.find(t.Context(), 0)
	wantAll(t, err, "PostgreSQL 15 or newer was not found", "LIAISON_DATABASE_URL", "LIAISON_POSTGRES_BIN", "pg_config",
		"/usr/lib/postgresql", "@embedded-postgres", old+" is PostgreSQL 14.9, older than 15", "make run", "apt-get install")

	sixteen := install(t, filepath.Join(top, "16"), "16.1")
	_, err = search{env: sixteen}.find(t.Context(), 17)
	wantAll(t, err, "LIAISON_POSTGRES_BIN", "16.1", "made by PostgreSQL 17", "LIAISON_DATA")
	_, err = search{env: filepath.Join(top, "nothing")}.find(t.Context(), 0)
	wantAll(t, err, "LIAISON_POSTGRES_BIN", "has no initdb")
}

func wantAll(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error does not say %q:\n%v", p, err)
		}
	}
}

func TestHydrate(t *testing.T) {
	t.Parallel()
	pkg := t.TempDir()
	lib := filepath.Join(pkg, "native", "lib")
	if err := os.MkdirAll(lib, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(lib, "libx.so.6.17"), "code")
	list := filepath.Join(pkg, "native", "pg-symlinks.json")
	write(list, `[{"source":"native/lib/libx.so.6.17","target":"native/lib/libx.so.6"}]`)
	for range 2 { // the second time everything is there
		if err := hydrate(pkg); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(lib, "libx.so.6")); err != nil || string(got) != "code" {
		t.Errorf("through the link: %q, %v", got, err)
	}
	write(list, `[{"source":"native/lib/libx.so.6.17","target":"../outside"}]`)
	if err := hydrate(pkg); err == nil {
		t.Error("a link outside the package was made")
	}
}

func TestDefaultDataDirKeepsCheckoutsApart(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	for _, dir := range []string{one, two} {
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module liaison\n\ngo 1.26.0\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	below := filepath.Join(one, "bin")
	if got := Checkout(below); got != one {
		t.Errorf("checkout above %s: %q", below, got)
	}
	if shortHash(one) == shortHash(two) {
		t.Error("two checkouts share a key")
	}
	t.Setenv("LIAISON_DATA", two)
	if got, err := DefaultDataDir(); err != nil || got != two {
		t.Errorf("LIAISON_DATA: %q, %v", got, err)
	}
}

func TestNpmProgramsInAClosedDirectoryAreCopied(t *testing.T) {
	t.Parallel()
	top, data := t.TempDir(), t.TempDir() // closed to others, both
	native := filepath.Dir(install(t, filepath.Join(top, npmBin()), "17.10"))
	if err := os.MkdirAll(filepath.Join(native, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("libx.so.6.17", filepath.Join(native, "lib", "libx.so.6")); err != nil {
		t.Fatal(err)
	}
	b := Binaries{Dir: filepath.Join(native, "bin"), Version: "17.10", FromNPM: true}
	stranger := account{name: "someone", uid: 54321, gid: 54321, drop: true}
	for range 2 {
		got, err := b.reachable(data, stranger)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(got.Dir, "postgres")); err != nil || info.Mode().Perm()&0o111 != 0o111 {
			t.Errorf("the copy in %s: %v, %v", got.Dir, info, err)
		}
		if link, err := os.Readlink(filepath.Join(got.Dir, "..", "lib", "libx.so.6")); err != nil || link != "libx.so.6.17" {
			t.Errorf("the copied link: %q, %v", link, err)
		}
	}
	b.FromNPM = false
	if _, err := b.reachable(data, stranger); err == nil {
		t.Error("an installed PostgreSQL that cannot be reached was taken")
	}
}
