package mobileapi

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"liaison/teams"
)

type emergencyAnswer struct {
	Status int
	Body   teams.Emergency
}

func (a *API) breakGlass(ctx context.Context, in *struct{ Body teams.NewEmergency }) (*emergencyAnswer, error) {
	emergency, isNew, err := a.cfg.Teams.BreakGlass(ctx, actorIn(ctx), in.Body)
	if err != nil {
		return nil, err
	}
	return &emergencyAnswer{statusOf(isNew), emergency}, nil
}

func (a *API) emergenciesDue(ctx context.Context, _ *none) (*answer[page[teams.Due]], error) {
	list, err := a.cfg.Teams.EmergenciesDue(ctx, actorIn(ctx))
	return answered(wholeList(list), err)
}

func (a *API) emergencies(ctx context.Context, in *InTeam) (*answer[page[teams.Emergency]], error) {
	list, err := a.cfg.Teams.Emergencies(ctx, actorIn(ctx), in.Team)
	return answered(wholeList(list), err)
}

// InEmergency names an emergency access of a circle.
type InEmergency struct {
	InTeam
	Emergency uuid.UUID `path:"emergency" format:"uuid"`
}

type informInput struct {
	InEmergency
	Body teams.NewInformed
}

func (a *API) inform(ctx context.Context, in *informInput) (*answer[teams.Emergency], error) {
	return answered(a.cfg.Teams.Inform(ctx, actorIn(ctx), in.Team, in.Emergency, in.Body))
}

type reviewInput struct {
	InEmergency
	Body teams.NewReview
}

func (a *API) reviewEmergency(ctx context.Context, in *reviewInput) (*answer[teams.Emergency], error) {
	return answered(a.cfg.Teams.ReviewEmergency(ctx, actorIn(ctx), in.Team, in.Emergency, in.Body))
}

// stands names the circle to somebody who need not break into it.
func stands(lang string, err teams.ErrStands) *Problem {
	p := newProblem(lang, "emergency_not_needed")
	p.TeamID = &err.Team
	return p
}

// emergencyLetter is the letter that tells a patient of an emergency access, to be signed and sent.
func (a *API) emergencyLetter(ctx context.Context, in *InEmergency) (*fileAnswer, error) {
	letter, err := a.cfg.Teams.EmergencyLetter(ctx, actorIn(ctx), in.Team, in.Emergency)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := writeLetter(&out, letter, a.cfg.Territory); err != nil {
		return nil, fmt.Errorf("write letter: %w", err)
	}
	return attached("application/pdf", "information-acces-urgence-"+letter.OpenedAt.In(paris).Format(time.DateOnly)+".pdf", out.Bytes()), nil
}

// writeLetter is French whatever the language of who prints it: its reader is the patient.
func writeLetter(out *bytes.Buffer, l teams.EmergencyLetter, territory string) error {
	s := newSheet(french, "Information sur un accès en urgence à votre dossier", l.At)
	s.AddPage()
	s.SetFont(sheetFont, "", 10.5)
	s.addressed(l.Patient)
	s.paragraph("Le " + dayIn(french, l.At))
	s.Ln(8)
	s.SetFont(sheetFont, "B", 12)
	s.paragraph("Objet : accès en urgence à votre dossier de coordination")
	s.Ln(4)
	s.SetFont(sheetFont, "", 10.5)
	for _, text := range letterText(l, territory) {
		s.paragraph(text)
		s.Ln(3)
	}
	s.Ln(14)
	s.paragraph("Nom et signature :")
	return s.Output(out)
}

func (s *sheet) addressed(p teams.Patient) {
	s.SetX(110)
	lines := []string{p.ShownName()}
	for _, part := range []*string{p.Address, p.Town} {
		if part != nil {
			lines = append(lines, *part)
		}
	}
	s.MultiCell(0, 5, drawable(strings.Join(lines, "\n")), "", "L", false)
	s.Ln(12)
}

func letterText(l teams.EmergencyLetter, territory string) []string {
	greeting := map[string]string{"F": "Madame,", "M": "Monsieur,"}[l.Patient.Sex]
	if greeting == "" {
		greeting = "Madame, Monsieur,"
	}
	return []string{
		greeting,
		fmt.Sprintf("Le %s, %s a ouvert votre dossier de coordination (%s) alors qu’il ou elle ne fait pas partie de votre cercle de soins. "+
			"La loi le permet à un professionnel de santé en cas d’urgence, lorsque votre prise en charge le demande et que votre accord ne peut être recueilli à temps.",
			momentIn(french, l.OpenedAt), nameOf(french, l.Professional), territory),
		"Motif donné : " + l.Reason,
		fmt.Sprintf("Cet accès a pris fin au plus tard le %s. Il n’a donné à voir que ce que sa profession autorise ; ce que vous avez refusé de partager est resté caché.",
			momentIn(french, l.Until)),
		"Votre médecin traitant et la personne référente de votre dossier en ont été prévenus aussitôt. Chaque consultation est inscrite dans un journal " +
			"que vous pouvez demander à voir.",
		"Vous pouvez demander des explications aux professionnels de votre cercle, vous opposer pour l’avenir à l’accès de cette personne ou de sa profession, " +
			"ou vous adresser au délégué à la protection des données du service, puis à la CNIL.",
	}
}
