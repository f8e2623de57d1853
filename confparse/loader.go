package confparse

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// DefaultMaxFile is how large one file may be where Files.MaxSize does not say: 16 MiB.
const DefaultMaxFile = 16 << 20

// Files loads from the file system of the host.
type Files struct {
	MaxSize int64 // of one file, in bytes; 0 means DefaultMaxFile
}

// Read returns the bytes of a file. A directory and a file that is too large are errors.
func (f Files) Read(name string) ([]byte, error) {
	limit := f.MaxSize
	if limit == 0 {
		limit = DefaultMaxFile
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read %s: larger than %d bytes", name, limit)
	}
	return data, nil
}

// Glob returns the names that match the pattern, sorted. Braces stand for alternatives.
func (f Files) Glob(pattern string) ([]string, error) {
	names, err := expandBraces(pattern)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, name := range names {
		matches, err := filepath.Glob(name)
		if err != nil {
			return nil, fmt.Errorf("expand %q: %w", name, err)
		}
		files = append(files, matches...)
	}
	return sortedSet(files), nil
}

// Includable gives an error for what keepalived does not include: anything but a regular file
// that nobody may execute.
func (f Files) Includable(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o111 != 0 {
		return fmt.Errorf("%s is not a regular non-executable file", name)
	}
	return nil
}

// MapLoader loads from texts in memory, by their names: in tests, and to parse what another
// process has read (Tree.Text).
type MapLoader map[string][]byte

// Read returns a text; one that is not there is fs.ErrNotExist.
func (m MapLoader) Read(name string) ([]byte, error) {
	if text, ok := m[name]; ok {
		return text, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// Glob returns the names that match the pattern, sorted. Braces stand for alternatives.
func (m MapLoader) Glob(pattern string) ([]string, error) {
	alternatives, err := expandBraces(pattern)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, alternative := range alternatives {
		for name := range m {
			match, err := filepath.Match(alternative, name)
			if err != nil {
				return nil, fmt.Errorf("expand %q: %w", alternative, err)
			}
			if match || name == alternative {
				files = append(files, name)
			}
		}
	}
	return sortedSet(files), nil
}

func sortedSet(names []string) []string {
	sort.Strings(names)
	set := names[:0]
	for i, name := range names {
		if i == 0 || name != names[i-1] {
			set = append(set, name)
		}
	}
	return set
}

var errAlternatives = errors.New("the braces stand for too many names")

// expandBraces gives the patterns that one with {a,b} stands for. Braces may stand within
// each other; those without a partner stand for themselves.
func expandBraces(pattern string) ([]string, error) {
	done, todo := []string{}, []string{pattern}
	for len(todo) > 0 {
		if len(done)+len(todo) > maxAlternatives {
			return nil, errAlternatives
		}
		next := todo[0]
		todo = todo[1:]
		open, parts, end := innerBraces(next)
		if parts == nil {
			done = append(done, next)
			continue
		}
		for _, part := range parts {
			todo = append(todo, next[:open]+part+next[end+1:])
		}
	}
	return done, nil
}

// innerBraces finds the first pair of braces that holds no other.
func innerBraces(pattern string) (open int, parts []string, end int) {
	end = strings.IndexByte(pattern, '}')
	for end >= 0 {
		if open = strings.LastIndexByte(pattern[:end], '{'); open >= 0 {
			return open, strings.Split(pattern[open+1:end], ","), end
		}
		n := strings.IndexByte(pattern[end+1:], '}')
		if n < 0 {
			break
		}
		end += 1 + n
	}
	return 0, nil, 0
}
