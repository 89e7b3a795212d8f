package mobileapi

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"liaison/professions"
	"liaison/teams"
)

type accessReportInput struct {
	InTeam
	AccessFilter
}

func (a *API) accessReport(ctx context.Context, in *accessReportInput) (*fileAnswer, error) {
	req, err := in.query(ctx)
	if err != nil {
		return nil, err
	}
	report, err := a.cfg.Teams.AccessReport(ctx, actorIn(ctx), in.Team, req)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := newAccessSheet(langIn(ctx), report, req, in.Kind).write(&out); err != nil {
		return nil, fmt.Errorf("write report of accesses: %w", err)
	}
	name := words{"historique-des-acces", "history-of-accesses"}.in(langIn(ctx))
	return attached("application/pdf", fmt.Sprintf("%s-%s.pdf", name, report.At.In(paris).Format(time.DateOnly)), out.Bytes()), nil
}

// accessSheet draws a history of accesses.
type accessSheet struct {
	*sheet
	report teams.AccessReport
	query  teams.AccessQuery
	kind   string
}

// sheetColumns are when, who, from where, what.
var sheetColumns = [4]float64{33, 46, 39, 60}

func newAccessSheet(lang string, report teams.AccessReport, query teams.AccessQuery, kind string) *accessSheet {
	s := &accessSheet{newSheet(lang, accessTitle.in(lang), report.At), report, query, kind}
	s.AliasNbPages("")
	s.SetHeaderFunc(s.top)
	s.SetFooterFunc(s.foot)
	return s
}

var accessTitle = words{"Historique des accès", "History of accesses"}

func (s *accessSheet) write(out *bytes.Buffer) error {
	s.AddPage()
	for _, one := range s.report.Items {
		s.row(s.cells(one))
	}
	s.SetFont(sheetFont, "", 9)
	switch {
	case len(s.report.Items) == 0:
		s.paragraph(s.say("Aucun accès sur cette période.", "No access in this period."))
	case s.report.Older:
		s.paragraph(s.say("Des accès plus anciens ne tiennent pas dans ce document : choisissez une période plus courte.",
			"Older accesses do not fit in this document: choose a shorter period."))
	}
	return s.Output(out)
}

// top heads every page: the first says what this is, the others only of whom.
func (s *accessSheet) top() {
	if s.PageNo() == 1 {
		s.SetFont(sheetFont, "B", 16)
		s.CellFormat(0, 9, accessTitle.in(s.lang), "", 1, "L", false, 0, "")
		s.SetFont(sheetFont, "B", 11)
		s.paragraph(patientIn(s.lang, s.report.Patient))
		s.SetFont(sheetFont, "", 9)
		for _, line := range s.about() {
			s.paragraph(line)
		}
		s.Ln(3)
	} else {
		s.SetFont(sheetFont, "", 9)
		s.paragraph(accessTitle.in(s.lang) + ", " + patientIn(s.lang, s.report.Patient))
		s.Ln(2)
	}
	s.SetFont(sheetFont, "B", 8.5)
	s.row([4]string{s.say("Date et heure", "Date and time"), s.say("Personne", "Person"), s.say("Lieu", "Place"), s.say("Accès", "Access")})
	s.SetFont(sheetFont, "", 8.5)
}

func (s *accessSheet) about() []string {
	by := nameOf(s.lang, s.report.By)
	made := fmt.Sprintf(s.say("Établi le %s par %s. %d accès.", "Made on %s by %s. %d accesses."), momentIn(s.lang, s.report.At), by, len(s.report.Items))
	return []string{
		s.period(), made,
		s.say("Extrait du journal scellé de Liaison. Il dit qui a eu accès à quoi, jamais ce que disent les notes. Heures de Paris.",
			"From the sealed journal of Liaison. It says who had access to what, never what the notes say. Paris time."),
	}
}

func (s *accessSheet) period() string {
	from, to := s.query.From, s.query.To
	if to.IsZero() {
		to = s.report.At
	}
	text := fmt.Sprintf(s.say("Jusqu’au %s.", "Until %s."), dayIn(s.lang, to))
	if !from.IsZero() {
		text = fmt.Sprintf(s.say("Du %s au %s.", "From %s to %s."), dayIn(s.lang, from), dayIn(s.lang, to))
	}
	if s.kind != "" || s.query.Person != [16]byte{} {
		text += s.say(" Une partie des accès seulement : un filtre a été choisi.", " Only some of the accesses: a filter was chosen.")
	}
	return text
}

func (s *accessSheet) foot() {
	s.SetY(-12)
	s.SetFont(sheetFont, "", 8)
	s.CellFormat(0, 5, fmt.Sprintf("%d / {nb}", s.PageNo()), "", 0, "R", false, 0, "")
}

func (s *accessSheet) cells(one teams.Accessed) [4]string {
	who := s.say("Liaison, automatiquement", "Liaison, by itself")
	if one.Professional != nil {
		who = nameOf(s.lang, *one.Professional)
	}
	return [4]string{momentIn(s.lang, one.At), who, strings.Trim(one.WorkplaceName+", "+one.Address, ", "), accessSentence(s.lang, one)}
}

// row draws cells side by side, on a page of its own when they do not fit on this one.
func (s *accessSheet) row(cells [4]string) {
	var lines [4][]string
	most := 1
	for i, text := range cells {
		lines[i] = s.SplitText(drawable(text), sheetColumns[i]-2)
		most = max(most, len(lines[i]))
	}
	height := float64(most)*sheetLine + 1.6
	if _, page := s.GetPageSize(); s.GetY()+height > page-sheetFoot {
		s.AddPage()
	}
	left, y := s.GetX(), s.GetY()
	x := left
	for i, column := range lines {
		for j, line := range column {
			s.SetXY(x, y+float64(j)*sheetLine+0.8)
			s.CellFormat(sheetColumns[i]-2, sheetLine, line, "", 0, "L", false, 0, "")
		}
		x += sheetColumns[i]
	}
	s.SetDrawColor(205, 205, 210)
	s.Line(left, y+height, x, y+height)
	s.SetXY(left, y+height)
}

func nameOf(lang string, p professions.Person) string {
	return p.DisplayName + ", " + professions.LabelIn(lang, p.Profession.System, p.Profession.Code, p.Gender)
}

// patientIn is a patient's identity in a line: « LESTRADE Yvonne, née PERRAULT, F, 02/06/1944 ».
func patientIn(lang string, p teams.Patient) string {
	parts := []string{p.ShownName()}
	if born := strings.ToUpper(p.BirthName); p.UsedName != nil && strings.ToUpper(*p.UsedName) != born {
		word := words{"né(e)", "born"}
		switch p.Sex {
		case "F":
			word.fr = "née"
		case "M":
			word.fr = "né"
		}
		parts = append(parts, word.in(lang)+" "+born)
	}
	parts = append(parts, p.Sex)
	if day, err := time.Parse(time.DateOnly, p.BirthDate); err == nil {
		parts = append(parts, day.Format("02/01/2006"))
	}
	if p.INS != nil {
		parts = append(parts, "INS "+p.INS.Matricule)
	}
	return strings.Join(parts, ", ")
}

func momentIn(lang string, t time.Time) string {
	if lang == english {
		return t.In(paris).Format("02/01/2006 15:04:05")
	}
	local := t.In(paris)
	return fmt.Sprintf("%s, %d\u00a0h\u00a0%02d", local.Format("02/01/2006"), local.Hour(), local.Minute())
}
