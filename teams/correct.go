package teams

import (
	"context"

	"github.com/google/uuid"

	"liaison/access"
)

// Patch corrects an identity: what is nil stays, an empty text takes away.
type Patch struct {
	BirthName      *string      `json:"birth_name,omitempty"`
	UsedName       *string      `json:"used_name,omitempty"`
	GivenNames     *string      `json:"given_names,omitempty"`
	Sex            *string      `json:"sex,omitempty"`
	BirthDate      *string      `json:"birth_date,omitempty"`
	BirthPlace     *string      `json:"birth_place,omitempty"`
	BirthPlaceCode *string      `json:"birth_place_code,omitempty"`
	IdentityStatus *string      `json:"identity_status,omitempty"`
	INSMatricule   *string      `json:"ins_matricule,omitempty"`
	INSOID         *string      `json:"ins_oid,omitempty"`
	Address        *string      `json:"address,omitempty"`
	Town           *string      `json:"town,omitempty"`
	DoorCode       *string      `json:"door_code,omitempty"`
	Telephones     *[]Telephone `json:"telephones,omitempty"`
	Carers         *[]Carer     `json:"carers,omitempty"`
}

// onto gives the identity with the patch on it, and the names of what it touches.
func (p Patch) onto(id Identity) (Identity, []string) {
	touched := []string{}
	for _, f := range []struct {
		name string
		from *string
		to   *string
	}{
		{"birth_name", p.BirthName, &id.BirthName},
		{"used_name", p.UsedName, &id.UsedName},
		{"given_names", p.GivenNames, &id.GivenNames},
		{"sex", p.Sex, &id.Sex},
		{"birth_date", p.BirthDate, &id.BirthDate},
		{"birth_place", p.BirthPlace, &id.BirthPlace},
		{"birth_place_code", p.BirthPlaceCode, &id.BirthPlaceCode},
		{"identity_status", p.IdentityStatus, &id.IdentityStatus},
		{"ins_matricule", p.INSMatricule, &id.INSMatricule},
		{"ins_oid", p.INSOID, &id.INSOID},
		{"address", p.Address, &id.Address},
		{"town", p.Town, &id.Town},
		{"door_code", p.DoorCode, &id.DoorCode},
	} {
		if f.from != nil {
			*f.to = *f.from
			touched = append(touched, f.name)
		}
	}
	if p.Telephones != nil {
		id.Telephones, touched = *p.Telephones, append(touched, "telephones")
	}
	if p.Carers != nil {
		id.Carers, touched = *p.Carers, append(touched, "carers")
	}
	return id, touched
}

// Correct changes what is known of the patient. The whole identity is checked again, so that it stays coherent: a matricule
// goes when the identity is no longer qualified.
func (s *Service) Correct(ctx context.Context, actor access.Actor, team uuid.UUID, patch Patch) (Patient, error) {
	all, err := s.likenesses(ctx, actor)
	if err != nil {
		return Patient{}, err
	}
	var corrected dossier
	err = s.gate.Write(ctx, actor, access.Space(team), "patient.correct", func(g access.Grant) error {
		if !g.Can(access.ManageCircle) {
			return access.ErrForbidden
		}
		if err := s.correct(ctx, g, patch); err != nil {
			return err
		}
		corrected, err = dossierOf(ctx, g)
		return err
	})
	if err != nil {
		return Patient{}, err
	}
	out := corrected.patient()
	out.Homonyms = corrected.likeness().homonyms(all)
	return out, nil
}

func (s *Service) correct(ctx context.Context, g access.Grant, patch Patch) error {
	d, err := dossierOf(ctx, g)
	if err != nil {
		return err
	}
	var c checker
	identity, touched := patch.onto(d.Identity)
	identity = identity.checked(&c, s.now())
	if c.err != nil {
		return c.err
	}
	g.Note("fields", touched)
	key := namedOf(identity)
	return g.Change(ctx, `update patients set birth_name = $2, used_name = $3, given_names = $4, sex = $5, birth_date = $6::text::date,
			birth_place = $7, birth_place_code = $8, identity_status = $9, ins_matricule = $10, ins_oid = $11, address = $12, town = $13,
			door_code = $14, telephones = $15, carers = $16, birth_name_key = $17, used_name_key = $18, given_names_key = $19,
			revision = revision + 1
		where space_id = $1`, append([]any{g.Space()}, append(identity.columns(), key.birth, key.used, key.given)...)...)
}
