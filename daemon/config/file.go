package config

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"syscall"
	"unicode/utf8"
)

// maxFile is far above any sensible configuration.
const maxFile = 1 << 20

// readFile returns the file's bytes, or what is wrong with the file as such. Whoever
// can write it chooses what the daemon runs, so only its own user and root may.
func readFile(path string) ([]byte, Problems) {
	var problems Problems
	f, err := os.Open(path)
	if err != nil {
		problems.add(path, "", "cannot read it: %v", cause(err))
		return nil, problems
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		problems.add(path, "", "cannot read it: %v", cause(err))
		return nil, problems
	}
	if !info.Mode().IsRegular() {
		problems.add(path, "", "is not a regular file")
		return nil, problems
	}
	for _, fault := range Untrusted(path, info) {
		problems.add(path, "", "%s", fault)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		problems.add(path, "", "cannot read it: %v", cause(err))
	case len(data) > maxFile:
		problems.add(path, "", "is larger than %d bytes", maxFile)
	case len(bytes.TrimSpace(data)) == 0:
		problems.add(path, "", `is empty: "schedd config init" prints one to start from`)
	case bytes.IndexByte(data, 0) >= 0:
		line, column := position(data, bytes.IndexByte(data, 0))
		problems.add(fmt.Sprintf("%s:%d:%d", path, line, column), "", "holds a NUL byte: not a text file")
	case !utf8.Valid(data):
		problems.add(path, "", "is not UTF-8")
	}
	return data, problems
}

// Untrusted says why a file or folder that decides what the daemon runs cannot be
// trusted: somebody else can write it.
func Untrusted(path string, info os.FileInfo) (faults []string) {
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		faults = append(faults, fmt.Sprintf("its mode is %04o, so others can write it: chmod go-w %s", mode, path))
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		faults = append(faults, fmt.Sprintf("it belongs to user %d, neither root nor the daemon's user: chown root %s", st.Uid, path))
	}
	return faults
}

// position returns the line and column of an offset, both from 1.
func position(data []byte, offset int) (line, column int) {
	before := data[:offset]
	return bytes.Count(before, []byte{'\n'}) + 1, offset - bytes.LastIndexByte(before, '\n')
}

// cause drops the operation and path that *PathError repeats.
func cause(err error) error {
	if e, ok := err.(*os.PathError); ok {
		return e.Err
	}
	return err
}
