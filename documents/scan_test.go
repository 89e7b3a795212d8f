package documents_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liaison/documents"
)

// eicar is the test virus every scanner agrees on, in two parts so that this file is none.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// clamd runs a real daemon with one signature of its own.
func clamd(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		program = "/usr/sbin/clamd"
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatal("clamd is not there; make test installs it, or: apt-get install clamav-daemon")
	}
	// A short path that the daemon's own account may enter.
	dir, err := os.MkdirTemp("", "clamd-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o777))
	signature := "Liaison.Test:0:*:" + hex.EncodeToString([]byte(eicar[28:])) + "\n"
	must(t, os.WriteFile(filepath.Join(dir, "test.ndb"), []byte(signature), 0o644))
	socket := filepath.Join(dir, "s")
	config := []string{"Foreground yes", "LocalSocket " + socket, "DatabaseDirectory " + dir, "StreamMaxLength 300M"}
	if os.Geteuid() == 0 {
		config = append(config, "User clamav")
	}
	must(t, os.WriteFile(filepath.Join(dir, "clamd.conf"), []byte(strings.Join(config, "\n")+"\n"), 0o644))
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--config-file="+filepath.Join(dir, "clamd.conf"))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })
	answers(t, socket, ended, &said)
	return "unix:" + socket
}

func answers(t *testing.T, socket string, ended <-chan struct{}, said *bytes.Buffer) {
	t.Helper()
	deadline := time.After(time.Minute)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			return
		}
		select {
		case <-again.C:
		case <-ended:
			t.Fatalf("clamd ended: %s", said.Bytes())
		case <-deadline:
			t.Fatal("clamd does not answer")
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestARealScannerRefusesWhatItKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scanner, err := documents.NewClamd(clamd(t))
	w.must(err)
	w.here.Scanner = scanner
	clean := w.sent("a.pdf", []byte(pdfFile))
	w.reads(w.here, w.nurse, clean, []byte(pdfFile))
	long := noise(1, 3*mib)
	w.reads(w.here, w.nurse, w.sent("long.txt", long), long)
	for name, file := range map[string][]byte{
		"a.txt": []byte(eicar), "b.txt": append(noise(2, mib-20), eicar...), "c.docx": word(entry{"word/a.bin", eicar}),
	} {
		id := w.begun(name, file)
		_, err := w.send(w.here, id, 0, bytes.NewReader(file))
		var refused *documents.Refused
		if !errors.As(err, &refused) || refused.Code != "document_infected" {
			t.Errorf("%s: %v", name, err)
		}
		if left := w.keysOf(id); len(left) > 0 {
			t.Errorf("%s: %v stay", name, left)
		}
	}
}

func TestNothingPassesWhileTheScannerIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	away, err := documents.NewClamd("unix:" + filepath.Join(t.TempDir(), "nobody"))
	w.must(err)
	w.here.Scanner = away
	file := []byte(pdfFile)
	id := w.begun("a.pdf", file)
	_, err = w.send(w.here, id, 0, bytes.NewReader(file))
	w.wants("no scanner", err, documents.ErrScanner)
	_, err = w.read(w.here, w.nurse, id)
	w.wants("reading what was not scanned", err, documents.ErrNotReady)
	w.here.Scanner, err = documents.NewClamd(clamd(t))
	w.must(err)
	_, err = w.send(w.here, id, int64(len(file)), bytes.NewReader(nil))
	w.must(err)
	w.reads(w.here, w.nurse, id, file)
	for _, address := range []string{"", "unix:relative", "host", "http://host:1/x"} {
		if _, err := documents.NewClamd(address); err == nil && address != "http://host:1/x" {
			t.Errorf("%q is taken for a scanner", address)
		}
	}
}

// A daemon that says anything but a clear answer has not said that the file is clean.
func TestAScannerThatMumblesIsNoScanner(t *testing.T) {
	t.Parallel()
	for _, says := range []string{"INSTREAM size limit exceeded. ERROR\x00", "", "stream: OKAY\x00", "UNKNOWN COMMAND\x00"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<16))
			_, _ = conn.Write([]byte(says))
			_ = conn.(*net.TCPConn).CloseWrite()
			_, _ = conn.Read(make([]byte, 1<<16))
			conn.Close()
		}()
		scanner, err := documents.NewClamd(listener.Addr().String())
		must(t, err)
		if _, err := scanner.Scan(t.Context(), closer{bytes.NewReader([]byte("a"))}); !errors.Is(err, documents.ErrScanner) {
			t.Errorf("%q: %v", says, err)
		}
		listener.Close()
	}
}

type closer struct{ *bytes.Reader }

func (closer) Close() error { return nil }
