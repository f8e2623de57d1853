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
	// Read and Write take the place of ReadFile and InitFile; nil: they do not.
	Read  func(path string) ([]byte, error)
	Write func(path string, overwrite bool, text []byte) error
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

// ReadFile reads the beginning of a tracked file.
func ReadFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b := make([]byte, limit)
	n, _ := file.Read(b) // an empty or unreadable file has no number
	return b[:n], nil
}

// InitFile writes a tracked file. One that is there stays as it is, unless overwrite is set.
func InitFile(path string, overwrite bool, text []byte) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if !overwrite {
		flags |= os.O_EXCL
	}
	file, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// read is the number in the file; what it was if there is none to be found.
func (f *File) read(was int) (int, error) {
	read := f.Read
	if read == nil {
		read = ReadFile
	}
	b, err := read(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return was, fmt.Errorf("read tracked file: %w", err)
	}
	value, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return was, fmt.Errorf("read tracked file: %s does not hold a number", f.Path)
	}
	return value, nil
}

func (f *File) init() error {
	if !f.Init {
		return nil
	}
	write := f.Write
	if write == nil {
		write = InitFile
	}
	if err := write(f.Path, f.InitOverwrite, fmt.Appendln(nil, f.InitValue)); err != nil {
		return fmt.Errorf("write tracked file: %w", err)
	}
	return nil
}
