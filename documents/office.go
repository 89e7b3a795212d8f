package documents

import (
	"archive/zip"
	"errors"
	"io"
	"path"
	"strings"
)

// Bounds of an office document, which is an archive: what opens it must not be made to unpack the world.
const (
	entriesMost  = 5000
	unpackedMost = 256 << 20
	ratioMost    = 200
)

// checkOffice wants an archive from its first byte to its last that holds that kind of document, all of it readable, and
// neither macros nor more than it pretends.
func checkOffice(f inspected, want string) error {
	last, err := f.tail(22)
	if err != nil {
		return err
	}
	// Nothing after the archive's end, not even a comment: readers differ in where they look.
	if string(last[:4]) != "PK\x05\x06" {
		return errType
	}
	archive, err := zip.NewReader(f, f.size)
	if err != nil {
		return ours(err)
	}
	if err := checkEntries(archive.File, f.size); err != nil {
		return err
	}
	if kindOf(archive) != want {
		return errType
	}
	return unpack(archive.File)
}

// ours keeps a fault of the store apart from one of the file.
func ours(err error) error {
	var fault *storeFault
	if errors.As(err, &fault) {
		return err
	}
	return errType
}

func checkEntries(entries []*zip.File, size int64) error {
	if len(entries) > entriesMost {
		return errType
	}
	var packed, unpacked uint64
	for _, e := range entries {
		packed, unpacked = packed+e.CompressedSize64, unpacked+e.UncompressedSize64
		if e.CompressedSize64 > uint64(size) || e.UncompressedSize64 > unpackedMost || strange(e.Name) {
			return errType
		}
	}
	// Entries that share their bytes would sum up to more than the file.
	if packed > uint64(size) || unpacked > unpackedMost || unpacked > ratioMost*uint64(size) {
		return errType
	}
	return nil
}

// strange are names that no writer of documents gives, and the parts that hold programs.
func strange(name string) bool {
	lower := strings.ToLower(name)
	if strings.HasPrefix(name, "/") || strings.Contains(name, `\`) || path.Clean("/"+name) != "/"+strings.TrimSuffix(name, "/") {
		return true
	}
	base := path.Base(lower)
	return base == "vbaproject.bin" || base == "vbadata.xml" || strings.HasPrefix(lower, "basic/") || strings.HasPrefix(lower, "scripts/") ||
		strings.Contains(lower, "activex/")
}

// kindOf reads what an archive says it is.
func kindOf(archive *zip.Reader) string {
	if mime, err := small(archive, "mimetype"); err == nil {
		if strings.TrimSpace(mime) == odtType {
			return odtType
		}
		return ""
	}
	types, err := small(archive, "[Content_Types].xml")
	switch {
	case err != nil || strings.Contains(types, "macroEnabled"):
		return ""
	case strings.Contains(types, docxType+".main+xml"):
		return docxType
	case strings.Contains(types, xlsxType+".main+xml"):
		return xlsxType
	}
	return ""
}

func small(archive *zip.Reader, name string) (string, error) {
	entry, err := archive.Open(name)
	if err != nil {
		return "", err
	}
	defer entry.Close()
	text, err := io.ReadAll(io.LimitReader(entry, 256<<10))
	return string(text), err
}

// unpack reads every entry to its end: sizes and sums that lie show there.
func unpack(entries []*zip.File) error {
	for _, e := range entries {
		if e.FileInfo().IsDir() {
			continue
		}
		r, err := e.Open()
		if err != nil {
			return ours(err)
		}
		_, err = io.Copy(io.Discard, io.LimitReader(r, unpackedMost))
		r.Close()
		if err != nil {
			return ours(err)
		}
	}
	return nil
}
