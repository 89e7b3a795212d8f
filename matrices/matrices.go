// Package matrices is the life of the authorisation matrix (matrice d'habilitation): its versions, the drafts of the next one,
// what a draft would change on the real circles, publishing it. An administrator does this, and sees no care data by it.
package matrices

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/audit"
	"liaison/storage"
)

// What a caller may have to tell apart. Tables that cannot be read are an *access.TableFault.
var (
	ErrUnknown      = errors.New("no such version or draft")
	ErrRevision     = errors.New("the draft has changed meanwhile")
	ErrEnded        = errors.New("the draft was published or discarded")
	ErrNotSimulated = errors.New("the draft was not simulated as it now is")
	ErrOutdated     = errors.New("another version was published since the draft was begun")
)

// Administrators lets administrators in. Anybody else is refused, and the refusal journalled.
type Administrators interface {
	Administer(ctx context.Context, actor access.Actor, verb string, object uuid.UUID, fn func(pgx.Tx) error) error
}

// Service keeps the matrices of a territory.
type Service struct {
	gate   *access.Gate
	db     *storage.DB
	admins Administrators
}

// New makes the service.
func New(gate *access.Gate, db *storage.DB, admins Administrators) *Service {
	return &Service{gate, db, admins}
}

// Tables are the tables of a matrix as CSV, kept as they were given. No exceptions may be "", and so may
// the policy that a territory starts with.
type Tables struct {
	Categories string
	Actions    string
	Exceptions string
	Policy     string
}

// Version is a published matrix.
type Version struct {
	Number      int
	Comment     string
	PublishedBy uuid.UUID // nil for the one a territory starts with
	PublishedAt time.Time
	Tables
}

const versionColumns = "version, comment, published_by, published_at, categories, actions, exceptions, policy"

func scanVersion(row pgx.CollectableRow) (Version, error) {
	var v Version
	var by *uuid.UUID
	err := row.Scan(&v.Number, &v.Comment, &by, &v.PublishedAt, &v.Categories, &v.Actions, &v.Exceptions, &v.Policy)
	if by != nil {
		v.PublishedBy = *by
	}
	return v, err
}

// Present is the matrix that holds, with how far it has come: the territory's rule is no secret.
func (s *Service) Present(ctx context.Context) (Version, access.Progress, error) {
	v, err := versionWhere(ctx, s.db.Pool, "version = (select max(version) from matrices)")
	if err != nil {
		return v, access.Progress{}, err
	}
	progress, err := s.gate.Progress(ctx)
	return v, progress, err
}

// Versions lists every version, newest first.
func (s *Service) Versions(ctx context.Context, actor access.Actor) (list []Version, err error) {
	err = s.admins.Administer(ctx, actor, "matrix.list", uuid.Nil, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select "+versionColumns+" from matrices order by version desc")
		if err != nil {
			return fmt.Errorf("list versions: %w", err)
		}
		list, err = pgx.CollectRows(rows, scanVersion)
		return err
	})
	return list, err
}

// Version gives one version, of whatever time.
func (s *Service) Version(ctx context.Context, actor access.Actor, number int) (v Version, err error) {
	err = s.admins.Administer(ctx, actor, "matrix.list", uuid.Nil, func(tx pgx.Tx) error {
		v, err = versionWhere(ctx, tx, "version = $1", number)
		return err
	})
	return v, err
}

// Parse reads the tables; what is wrong in them is an *access.TableFault.
func (t Tables) Parse(version int) (*access.Matrix, error) {
	return access.ParseMatrix(version, access.Tables(t))
}

func versionWhere(ctx context.Context, q storage.Querier, where string, args ...any) (Version, error) {
	rows, err := q.Query(ctx, "select "+versionColumns+" from matrices where "+where, args...)
	if err != nil {
		return Version{}, fmt.Errorf("read version: %w", err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, scanVersion)
	if errors.Is(err, pgx.ErrNoRows) {
		return v, ErrUnknown
	}
	return v, err
}

func line(actor access.Actor, verb string, object uuid.UUID, detail map[string]any) audit.Line {
	line := actor.Line(verb, object)
	line.Detail = detail
	return line
}
