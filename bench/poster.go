package bench

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// poster is one author on one connection. It writes HTTP by hand: a client that does more would take its time from the
// server, which shares the machine.
type poster struct {
	author *member
	conn   net.Conn
	from   *bufio.Reader
	head   string
	tail   string
	buffer []byte
}

func newPoster(address string, author *member) (*poster, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	p := &poster{author: author, conn: conn, from: bufio.NewReaderSize(conn, 4<<10)}
	p.tail = fmt.Sprintf(`","category":%q,"text":%q}`, category, text())
	const before = len(`{"id":"`) + 36
	p.head = fmt.Sprintf("POST /api/v1/channels/%s/messages HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n{\"id\":\"", author.team.discussion, address, author.token, before+len(p.tail))
	return p, nil
}

func text() string {
	return strings.Repeat("Pansement refait ce matin, plaie propre. ", 1+textLength/41)[:textLength]
}

// post sends one message and waits for its acknowledgement; only 201 is one.
func (p *poster) post(id uuid.UUID) error {
	p.buffer = append(append(append(p.buffer[:0], p.head...), id.String()...), p.tail...)
	if err := p.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := p.conn.Write(p.buffer); err != nil {
		return err
	}
	resp, err := http.ReadResponse(p.from, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err == nil && resp.StatusCode != http.StatusCreated {
		err = fmt.Errorf("post: %s: %s", resp.Status, body)
	}
	return err
}

func (p *poster) close() { _ = p.conn.Close() }
