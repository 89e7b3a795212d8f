package documents

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Clamd speaks to a ClamAV daemon over its socket.
type Clamd struct {
	network, address string
}

// NewClamd reads « unix:/path/of/socket » or « host:port ».
func NewClamd(at string) (*Clamd, error) {
	if path, ok := strings.CutPrefix(at, "unix:"); ok && strings.HasPrefix(path, "/") {
		return &Clamd{"unix", path}, nil
	}
	if _, _, err := net.SplitHostPort(at); err != nil || strings.HasPrefix(at, "unix:") {
		return nil, errors.New("the scanner is unix:/path/of/socket or host:port")
	}
	return &Clamd{"tcp", at}, nil
}

// scanPatience is how long the daemon may take to say or take something.
const scanPatience = time.Minute

// Scan sends the file through the socket. Anything but a clear answer is ErrScanner.
func (c *Clamd) Scan(ctx context.Context, file Stream) (found bool, err error) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, c.network, c.address)
	if err != nil {
		return false, fmt.Errorf("%w (%w)", ErrScanner, err)
	}
	defer conn.Close()
	if err := send(conn, file); err != nil {
		return false, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(scanPatience)); err != nil {
		return false, err
	}
	said, err := bufio.NewReader(io.LimitReader(conn, 4096)).ReadString(0)
	if err != nil {
		return false, fmt.Errorf("%w (%w)", ErrScanner, err)
	}
	switch said = strings.TrimRight(said, "\x00\n"); {
	case strings.HasSuffix(said, " FOUND"):
		return true, nil
	case said == "stream: OK":
		return false, nil
	}
	// « INSTREAM size limit exceeded » among others: its StreamMaxLength must reach the largest document.
	return false, fmt.Errorf("%w: it says %q", ErrScanner, said)
}

// send cuts the file into pieces, each after its length, and ends with an empty one.
func send(conn net.Conn, file io.Reader) error {
	if _, err := conn.Write([]byte("zINSTREAM\x00")); err != nil {
		return fmt.Errorf("%w (%w)", ErrScanner, err)
	}
	buffer := make([]byte, 4+64<<10)
	for {
		n, err := io.ReadFull(file, buffer[4:])
		over := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !over {
			return err
		}
		if n > 0 {
			if err := sendPiece(conn, buffer[:4+n]); err != nil {
				return err
			}
		}
		if over {
			return sendPiece(conn, make([]byte, 4))
		}
	}
}

func sendPiece(conn net.Conn, piece []byte) error {
	binary.BigEndian.PutUint32(piece, uint32(len(piece)-4))
	if err := conn.SetWriteDeadline(time.Now().Add(scanPatience)); err != nil {
		return err
	}
	if _, err := conn.Write(piece); err != nil {
		return fmt.Errorf("%w (%w)", ErrScanner, err)
	}
	return nil
}
