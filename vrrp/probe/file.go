package probe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// File watches a file that holds one whole number. A file that does not exist holds 0; one
// that holds something else keeps the number it had.
type File struct {
	Path string
	// Init writes the file at the start, unless it is there, with InitValue; InitOverwrite
	// writes it in any case.
	Init, InitOverwrite bool
	InitValue           int
	Every               time.Duration
	Report              func(value int)
	Trouble             func(error) // told once per kind of trouble
}

// Run watches until the context ends.
func (f *File) Run(ctx context.Context) {
	if err := f.init(); err != nil {
		f.Trouble(err)
	}
	tick := time.NewTicker(f.Every)
	defer tick.Stop()
	last, known, trouble := 0, false, ""
	for {
		n, err := f.read(last)
		if text := fmt.Sprint(err); err != nil && text != trouble {
			f.Trouble(err)
			trouble = text
		}
		if !known || n != last {
			last, known = n, true
			f.Report(n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// limit is far more than a number needs; it keeps a wrong path from being read for ever.
const limit = 64

// read is the number in the file; what it was if there is none to be found.
func (f *File) read(was int) (int, error) {
	file, err := os.Open(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return was, fmt.Errorf("read tracked file: %w", err)
	}
	defer file.Close()
	b := make([]byte, limit)
	n, _ := file.Read(b) // an empty or unreadable file has no number
	value, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil {
		return was, fmt.Errorf("read tracked file: %s does not hold a number", f.Path)
	}
	return value, nil
}

func (f *File) init() error {
	if !f.Init {
		return nil
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if !f.InitOverwrite {
		flags |= os.O_EXCL
	}
	file, err := os.OpenFile(f.Path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write tracked file: %w", err)
	}
	_, err = fmt.Fprintln(file, f.InitValue)
	return errors.Join(err, file.Close())
}
