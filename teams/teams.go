// Package teams holds patients and the circles of care around them: who is cared for, who has a place in the circle and
// since when, what the patient was told, agreed to and refused, and who would read a message before it is sent. It decides
// no right: every change here ends in access.Recompile. Messages live in chat, people and their accounts in accounts.
package teams

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/professions"
	"liaison/storage"
)

// Keys makes the key of a space before anything is kept in it, and seals with it (the vault). Making it again does nothing.
type Keys interface {
	Create(ctx context.Context, space uuid.UUID) error
	Seal(ctx context.Context, space, id uuid.UUID, revision int, plain []byte) ([]byte, error)
	Unseal(ctx context.Context, space, id uuid.UUID, revision int, sealed []byte) ([]byte, error)
}

// People knows how professionals are shown (the accounts); unknown ids are absent.
type People interface {
	Persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error)
}

// Service is the patients and circles of one instance, as one node sees them.
type Service struct {
	// Notebook is told of emergency accesses; set before serving.
	Notebook Notebook

	gate   *access.Gate
	db     *storage.DB // for journal lines that must outlive a refused transaction
	keys   Keys
	people People
	secret []byte
	probes *probes
	now    func() time.Time
}

// New makes the service. secret is 32 bytes or more, the same on every node: look-alike tokens and replays hang on it.
func New(gate *access.Gate, db *storage.DB, keys Keys, people People, secret []byte) (*Service, error) {
	if len(secret) < 32 {
		return nil, errors.New("teams: a secret of 32 bytes or more is needed")
	}
	return &Service{Notebook: noNotebook{}, gate: gate, db: db, keys: keys, people: people, secret: secret, probes: newProbes(), now: time.Now}, nil
}

// seal is a keyed hash of parts, each under its own length, for one use.
func (s *Service) seal(use string, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, s.secret)
	fmt.Fprintf(mac, "teams/%s", use)
	for _, p := range parts {
		fmt.Fprintf(mac, "/%d/", len(p))
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// persons gives how each of these people is shown; somebody the directory does not know has an id and no name. It is asked
// outside the gate: a grant holds a connection, and waiting for a second one under it could wait for ever.
func (s *Service) persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error) {
	found, err := s.people.Persons(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	out := make(map[uuid.UUID]professions.Person, len(ids))
	for _, id := range ids {
		out[id] = professions.Person{ID: id}
		if p, known := found[id]; known {
			out[id] = p
		}
	}
	return out, nil
}

func professionOf(p professions.Person) access.Profession {
	return access.Profession{System: p.Profession.System, Code: p.Profession.Code}
}

func specialityOf(p professions.Person) string {
	if p.Speciality == nil {
		return ""
	}
	return p.Speciality.Code
}

// ErrConflict answers an id that was used with other content or by another author: one and the same answer.
var ErrConflict = errors.New("id already used for something else")

// ErrLastManager answers what would leave a circle without anybody to manage it: name another first.
var ErrLastManager = errors.New("nobody would manage the circle")

// Answers to somebody who would break the glass. ErrNoMatch says no more of a dossier that is not there than of one whose patient
// refuses.
var (
	ErrNoMatch   = errors.New("no dossier of exactly this identity, or none to be opened")
	ErrSeveral   = errors.New("several dossiers have this identity")
	ErrEmergency = fmt.Errorf("the profession opens no emergency access: %w", access.ErrForbidden)
	ErrOwnReview = fmt.Errorf("nobody judges her own emergency access: %w", access.ErrForbidden)
	ErrReviewed  = errors.New("the emergency access was judged otherwise")
)

// ErrStands answers somebody who has a place in the circle she would break into.
type ErrStands struct{ Team uuid.UUID }

func (e ErrStands) Error() string { return "a member of the circle already" }

// ErrNotDemo refuses what only a demo instance may do.
var ErrNotDemo = errors.New("not a demo instance")

// ErrCategoryNotWritable answers a category the caller may not write here.
var ErrCategoryNotWritable = errors.New("category not writable here")

// ErrTooMany asks to wait: too many look-alike answers were given to this person.
type ErrTooMany struct{ RetryAfter time.Duration }

func (e ErrTooMany) Error() string {
	return fmt.Sprintf("too many look-alike answers: wait %s", e.RetryAfter.Round(time.Second))
}

// Invalid says which field of a request is wrong and how; Code is stable and becomes a sentence at the edge.
type Invalid struct {
	Field string
	Code  string
}

func (e *Invalid) Error() string { return e.Field + ": " + e.Code }
