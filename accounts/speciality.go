package accounts

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/professions"
)

// fits says whether a speciality ("" for none) is one of the profession.
func fits(speciality string, p access.Profession) bool {
	now := p.InForce()
	return speciality == "" || professions.Specialises(now.System, now.Code, speciality)
}

// errNobody refuses, as the gate journals it, who does not administer.
var errNobody = fmt.Errorf("%w: %w", ErrNotAdministrator, access.ErrForbidden)

// SetSpeciality gives a person a speciality, or takes it ("" for none). Her standings follow in every circle before this answers.
// Errors: ErrNotAdministrator, ErrUnknown, ErrInvalid.
func (s *Service) SetSpeciality(ctx context.Context, actor access.Actor, person uuid.UUID, speciality string) error {
	return s.cfg.Gate.Entrust(ctx, actor, "account.speciality", person, access.ReachOfPerson(person), func(sc access.Scope) error {
		var may bool
		var p access.Profession
		var was string
		if err := sc.Tx().QueryRow(ctx, "select app_administers()").Scan(&may); err != nil {
			return fmt.Errorf("read administrator: %w", err)
		}
		if !may {
			return errNobody
		}
		err := sc.Tx().QueryRow(ctx, "select profession_system, profession_code, coalesce(speciality, '') from professionals where id = $1", person).
			Scan(&p.System, &p.Code, &was)
		switch {
		case err != nil:
			return orUnknown("read professional", err)
		case !fits(speciality, p):
			return ErrInvalid{"speciality"}
		case was == speciality:
			sc.Quiet()
			return nil
		}
		sc.Note("speciality", speciality)
		if _, err := sc.Tx().Exec(ctx, "update professionals set speciality = nullif($2, '') where id = $1", person, speciality); err != nil {
			return fmt.Errorf("set speciality: %w", err)
		}
		return nil
	})
}
