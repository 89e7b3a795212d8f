package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// DemoAccount is an account that the demo comes with, its login known to all.
type DemoAccount struct {
	NewAccount
	Login string
}

// LoadDemoAccounts makes the demo's people, all with one password, whatever its strength. It works in a demo instance
// only, and leaves alone the people who are there already.
func (s *Service) LoadDemoAccounts(ctx context.Context, accounts []DemoAccount, password string) error {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.demoOnly(ctx, tx); err != nil {
			return err
		}
		for _, a := range accounts {
			if err := s.loadDemoAccount(ctx, tx, a, hash); err != nil {
				return fmt.Errorf("demo account %s: %w", a.Login, err)
			}
		}
		return nil
	})
}

func (s *Service) loadDemoAccount(ctx context.Context, q storage.Querier, a DemoAccount, hash string) error {
	clean, err := cleaned(a.NewAccount)
	if err != nil {
		return err
	}
	isNew, err := insertPerson(ctx, q, clean, s.now())
	if err != nil || !isNew {
		return err
	}
	_, err = q.Exec(ctx, "update accounts set login = $2, password_hash = $3 where person_id = $1", a.ID, canonicalLogin(a.Login), hash)
	if _, taken := storage.IsUnique(err); taken {
		return ErrLoginTaken
	}
	return err
}

// DemoAccessTokens opens a session for each person and gives an access token that lives as long as asked, for load
// tests. It works in a demo instance only.
func (s *Service) DemoAccessTokens(ctx context.Context, persons []uuid.UUID, life time.Duration) (map[uuid.UUID]string, error) {
	tokens := make(map[uuid.UUID]string, len(persons))
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.demoOnly(ctx, tx); err != nil {
			return err
		}
		for _, person := range persons {
			o, err := s.open(ctx, tx, person, Client{Kind: Token, Device: "demo"})
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "update sessions set expires_at = greatest(expires_at, $2) where id = $1", o.ID, s.now().Add(life)); err != nil {
				return fmt.Errorf("prolong demo session: %w", err)
			}
			if tokens[person], err = s.signAccess(person, o.ID, o.Workplace, life); err != nil {
				return err
			}
		}
		return nil
	})
	return tokens, err
}

func (s *Service) demoOnly(ctx context.Context, q storage.Querier) error {
	var demo bool
	err := q.QueryRow(ctx, "select demo from instance").Scan(&demo)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read instance: %w", err)
	}
	if !demo || !s.cfg.Demo {
		return ErrNotDemo
	}
	return nil
}
