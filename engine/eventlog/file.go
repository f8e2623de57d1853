package eventlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// file is the end of a series of files: the one being written.
type file struct {
	f    *os.File
	base string // path without the number
	size int64
}

// open begins the next file of a series.
func (f *file) open(base string, keep int) error {
	numbers, err := series(base)
	if err != nil {
		return err
	}
	next := 1
	if len(numbers) > 0 {
		next = numbers[len(numbers)-1] + 1
	}
	// excess files go first, so that there is room for the new one
	for i := 0; i <= len(numbers)-keep; i++ {
		if err := os.Remove(numbered(base, numbers[i])); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove old log file: %w", err)
		}
	}
	g, err := os.OpenFile(numbered(base, next), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return fmt.Errorf("open log file: %w", err)
	}
	*f = file{f: g, base: base}
	return nil
}

func numbered(base string, n int) string { return fmt.Sprintf("%s.%08d", base, n) }

// series lists the numbers of the files there are, in order.
func series(base string) ([]int, error) {
	entries, err := os.ReadDir(filepath.Dir(base))
	if err != nil {
		return nil, fmt.Errorf("list log files: %w", err)
	}
	var out []int
	for _, e := range entries {
		suffix, ours := strings.CutPrefix(e.Name(), filepath.Base(base)+".")
		if n, err := strconv.Atoi(suffix); ours && err == nil && len(suffix) == 8 && n > 0 {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// write appends whole records. What a failed write left of them is taken back.
func (f *file) write(b []byte) error {
	_, err := f.f.Write(b)
	if err != nil {
		return errors.Join(fmt.Errorf("write log file: %w", err), f.f.Truncate(f.size))
	}
	f.size += int64(len(b))
	return nil
}

func (f *file) close() error {
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	*f = file{}
	return err
}

// fitting is the length of the records at the beginning of b that take a file to a size of room bytes: upstream's files end
// with the record that reaches the limit. n counts them.
func fitting(b []byte, room int64, f Format) (length, n int) {
	for length < len(b) && (length == 0 || int64(length) < room) {
		length += recordLen(b[length:], f)
		n++
	}
	return length, n
}

// recordLen is the length of the record at the beginning of b, which holds whole records.
func recordLen(b []byte, f Format) int {
	if f == JSON {
		return bytes.IndexByte(b, '\n') + 1
	}
	return 8 + int(binary.LittleEndian.Uint64(b))
}
