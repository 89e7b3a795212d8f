package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// NewAccount is a person to be given an account. The caller makes its id.
type NewAccount struct {
	Professional
	Administrator bool
	Workplaces    []Workplace
}

// Created is the person, and the link to hand to her unless a replay finds that she has used it.
type Created struct {
	Professional Professional
	Invitation   *Invitation
}

// Account is what an administrator sees of one. She reads no care data by it.
type Account struct {
	Professional
	Login         string // empty until chosen
	Active        bool
	Administrator bool
	LastSignIn    *time.Time
	InvitedUntil  *time.Time // a link waits to be used
}

// CreateAdministrator is for whoever runs a command on the machine: the first day has no administrator to ask.
func (s *Service) CreateAdministrator(ctx context.Context, a NewAccount) (Created, error) {
	a.Administrator = true
	var created Created
	err := s.db.InTx(ctx, func(tx pgx.Tx) (err error) {
		created, err = s.create(ctx, tx, access.Actor{Person: SystemOperator}, a)
		return err
	})
	return created, err
}

// CreateAccount makes a person, her account and her invitation. Again with the same id and content, it makes a new link
// in place of the former; with other content it is ErrIDConflict.
func (s *Service) CreateAccount(ctx context.Context, actor access.Actor, a NewAccount) (Created, error) {
	var created Created
	err := s.Administer(ctx, actor, "account.create", a.ID, func(tx pgx.Tx) (err error) {
		created, err = s.create(ctx, tx, actor, a)
		return err
	})
	return created, err
}

// ResetPassword ends the person's sessions and her password, and makes the link by which she chooses another.
func (s *Service) ResetPassword(ctx context.Context, actor access.Actor, person uuid.UUID) (Invitation, error) {
	var inv Invitation
	var ended []uuid.UUID
	err := s.Administer(ctx, actor, "account.reset", person, func(tx pgx.Tx) error {
		var purpose Purpose
		err := tx.QueryRow(ctx, `update accounts set password_hash = null, must_change = false, failures = 0, failed_at = null
			where person_id = $1 returning case when login is null then 'invite' else 'reset' end`, person).Scan(&purpose)
		if err != nil {
			return orUnknown("reset password", err)
		}
		if ended, err = s.revoke(ctx, tx, actor, person, "reset", every()); err != nil {
			return err
		}
		if inv, err = s.invite(ctx, tx, actor, person, purpose); err != nil {
			return err
		}
		return journal(ctx, tx, actor.Line("account.reset", person))
	})
	if err == nil {
		s.announce(ended)
	}
	return inv, err
}

// Deactivate closes an account and cuts its sessions. What the person holds in circles stays as it is, out of reach.
func (s *Service) Deactivate(ctx context.Context, actor access.Actor, person uuid.UUID) error {
	var ended []uuid.UUID
	err := s.Administer(ctx, actor, "account.deactivate", person, func(tx pgx.Tx) (err error) {
		if err := keepAnAdministrator(ctx, tx, person); err != nil {
			return err
		}
		if err := setActive(ctx, tx, person, false); err != nil {
			return err
		}
		if ended, err = s.revoke(ctx, tx, actor, person, "deactivated", every()); err != nil {
			return err
		}
		return journal(ctx, tx, actor.Line("account.deactivate", person))
	})
	if err == nil {
		s.announce(ended)
	}
	return err
}

// Reactivate opens an account again, with the password it had.
func (s *Service) Reactivate(ctx context.Context, actor access.Actor, person uuid.UUID) error {
	return s.Administer(ctx, actor, "account.reactivate", person, func(tx pgx.Tx) error {
		if err := setActive(ctx, tx, person, true); err != nil {
			return err
		}
		return journal(ctx, tx, actor.Line("account.reactivate", person))
	})
}

// AccountsPage is one page of accounts; Next, passed as after, gives the following one.
type AccountsPage struct {
	Items []Account
	Next  uuid.UUID
}

// Accounts lists every account by name, for an administrator.
func (s *Service) Accounts(ctx context.Context, actor access.Actor, limit int, after uuid.UUID) (AccountsPage, error) {
	limit = min(max(limit, 1), maxFound)
	var page AccountsPage
	err := s.Administer(ctx, actor, "account.list", uuid.Nil, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select "+professionalColumns+`, coalesce(a.login, ''), a.active, a.administrator, a.last_sign_in_at,
				(select max(i.expires_at) from invitations i where i.person_id = p.id and i.used_at is null and i.expires_at > $3)
			from professionals p join accounts a on a.person_id = p.id
			where $1::uuid is null or (p.name_key, p.id) > (select c.name_key, c.id from professionals c where c.id = $1)
			order by p.name_key, p.id limit $2`, storage.OrNull(after), limit+1, s.now())
		if err != nil {
			return fmt.Errorf("list accounts: %w", err)
		}
		page.Items, err = pgx.CollectRows(rows, scanAccount)
		if err != nil {
			return fmt.Errorf("list accounts: %w", err)
		}
		return nil
	})
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = page.Items[limit-1].ID
	}
	return page, err
}

func scanAccount(row pgx.CollectableRow) (Account, error) {
	var a Account
	err := row.Scan(append(a.fields(), &a.Login, &a.Active, &a.Administrator, &a.LastSignIn, &a.InvitedUntil)...)
	return a, err
}

// Administer runs fn for an administrator; anybody else is refused, and the refusal journalled.
func (s *Service) Administer(ctx context.Context, actor access.Actor, verb string, object uuid.UUID, fn func(pgx.Tx) error) error {
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		var may bool
		err := tx.QueryRow(ctx, "select administrator and active from accounts where person_id = $1", actor.Person).Scan(&may)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("read administrator: %w", err)
		}
		if !may {
			return ErrNotAdministrator
		}
		return fn(tx)
	})
	if !errors.Is(err, ErrNotAdministrator) {
		return err
	}
	if jerr := journal(ctx, s.db.Pool, refusedLine(actor, verb, object, "not_administrator")); jerr != nil {
		return jerr
	}
	return err
}

// keepAnAdministrator refuses to close the last account by which the others can be opened.
func keepAnAdministrator(ctx context.Context, q storage.Querier, person uuid.UUID) error {
	rows, err := q.Query(ctx, `select person_id, password_hash is not null from accounts
		where administrator and active order by person_id for update`)
	if err != nil {
		return fmt.Errorf("read administrators: %w", err)
	}
	var id uuid.UUID
	var usable, isOne, other bool
	_, err = pgx.ForEachRow(rows, []any{&id, &usable}, func() error {
		isOne = isOne || id == person
		other = other || (id != person && usable)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read administrators: %w", err)
	}
	if isOne && !other {
		return ErrLastAdministrator
	}
	return nil
}

func setActive(ctx context.Context, q storage.Querier, person uuid.UUID, active bool) error {
	tag, err := q.Exec(ctx, "update accounts set active = $2 where person_id = $1", person, active)
	if err != nil {
		return fmt.Errorf("set account active or not: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrUnknown
	}
	return nil
}
