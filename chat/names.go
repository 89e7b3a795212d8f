package chat

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"liaison/professions"
	"liaison/storage"
)

// names keeps how authors are shown, for a minute: a post must not ask the directory again.
type names struct {
	mu    sync.Mutex
	known map[uuid.UUID]known
}

type known struct {
	person professions.Person
	at     time.Time
}

const (
	namesKept = time.Minute
	namesMost = 20_000
)

func newNames() *names { return &names{known: map[uuid.UUID]known{}} }

// of gives the persons of these ids; an unknown id has an empty name. It asks in the transaction that is open: waiting for a
// second connection while holding one could wait for ever.
func (n *names) of(ctx context.Context, q storage.Querier, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error) {
	out := make(map[uuid.UUID]professions.Person, len(ids))
	missing := n.fromMemory(ids, out)
	if len(missing) == 0 {
		return out, nil
	}
	found, err := readNames(ctx, q, missing)
	if err != nil {
		return nil, fmt.Errorf("names of authors: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) > namesMost {
		clear(n.known)
	}
	for _, p := range found {
		out[p.ID] = p
		n.known[p.ID] = known{p, time.Now()}
	}
	return out, nil
}

func (n *names) fromMemory(ids []uuid.UUID, out map[uuid.UUID]professions.Person) (missing []uuid.UUID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		if _, have := out[id]; have {
			continue
		}
		if k, ok := n.known[id]; ok && time.Since(k.at) < namesKept {
			out[id] = k.person
			continue
		}
		missing = append(missing, id)
	}
	return missing
}

func readNames(ctx context.Context, q storage.Querier, ids []uuid.UUID) ([]professions.Person, error) {
	rows, err := q.Query(ctx, `select id, family_name, given_name, gender, title, profession_system, profession_code, town
		from professionals where id = any ($1)`, ids)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []professions.Person
	for rows.Next() {
		var id uuid.UUID
		var family, given, gender, system, code string
		var title, town *string
		if err := rows.Scan(&id, &family, &given, &gender, &title, &system, &code, &town); err != nil {
			return nil, err
		}
		out = append(out, professions.NewPerson(id, family, given, gender, title, system, code, town))
	}
	return out, rows.Err()
}
