package access

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
)

func defaultMatrix(t *testing.T) *Matrix {
	t.Helper()
	categories, actions := DefaultMatrix()
	m, err := ParseMatrix(1, Tables{Categories: categories, Actions: actions, Exceptions: DefaultExceptions()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every cell of the default matrix is read back from the bits it became, without the code that read it.
func TestDefaultMatrixCellByCell(t *testing.T) {
	t.Parallel()
	m := defaultMatrix(t)
	records, err := csv.NewReader(strings.NewReader(defaultCategories)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	header, cells := records[0], 0
	for _, rec := range records[1:] {
		p, seat := Profession{rec[0], rec[1]}, rec[2]
		row, ok := m.Row(p, "", seat)
		if !ok {
			t.Errorf("%v at %s has no row", p, seat)
		}
		for i, cell := range rec[5:] {
			cells++
			bit := Categories(1) << i
			if CategoryCodes[i] != header[5+i] {
				t.Fatalf("column %s is read as %s", header[5+i], CategoryCodes[i])
			}
			if got := cellOf(row, bit); got != cell {
				t.Errorf("%v at %s, %s: read as %q, written %q", p, seat, header[5+i], got, cell)
			}
		}
		if got := row.MaskClass.Codes(); len(got) != 1 || got[0] != "MASQUE_"+strings.ToUpper(rec[4]) {
			t.Errorf("%v at %s: mask class %v, written %s", p, seat, got, rec[4])
		}
	}
	if cells != 41*9 {
		t.Errorf("%d cells: the default matrix has changed, look at it and at this number", cells)
	}
}

func cellOf(row Row, bit Categories) string {
	cell := ""
	for letter, set := range []Categories{row.Reads, row.Writes, row.Alerts} {
		if set&bit != 0 {
			cell += "rwa"[letter : letter+1]
		}
	}
	if cell == "" {
		return "-"
	}
	return cell
}

// Some cells by hand, so that matrix and reader cannot be wrong together.
func TestDefaultMatrixByHand(t *testing.T) {
	t.Parallel()
	m := defaultMatrix(t)
	for _, c := range []struct {
		p             Profession
		seat          string
		reads, writes Categories
		alerts        Categories
		mask          Masks
	}{
		{Physician, SeatMedecinTraitant, AllCategories, AllCategories, AllCategories &^ (Social | Administrative), MaskPS},
		{Physician, SeatIntervenant, AllCategories, Medical | Medication | Psychological | Organisation, 0, MaskPS},
		{Profession{"TRE_G15", "21"}, SeatIntervenant, Medical | Medication | Nursing | Functional | Organisation, Medication | Organisation, Medication, MaskPS},
		{Profession{"TRE_R85", "372"}, SeatIntervenant, Functional | DailyLife | Organisation, Medication | Functional | DailyLife | Social | Organisation, DailyLife, MaskPSocial},
		{Profession{"TRE_R85", "314"}, SeatReferent, Functional | Organisation, Functional | Organisation, 0, MaskPT},
	} {
		row, _ := m.Row(c.p, "", c.seat)
		if row.Reads != c.reads || row.Writes != c.writes || row.Alerts != c.alerts || row.MaskClass != c.mask {
			t.Errorf("%v at %s: reads %v, writes %v, alerts %v, masks %v", c.p, c.seat, row.Reads, row.Writes, row.Alerts, row.MaskClass.Codes())
		}
	}
}

func TestUnknownCodeHasNothing(t *testing.T) {
	t.Parallel()
	m := defaultMatrix(t)
	seats := []string{SeatMedecinTraitant, SeatReferent, SeatCoordonnateur, SeatIntervenant}
	for _, p := range []Profession{{}, {"*", "*"}, {"TRE_G15", "*"}, {"TRE_G15", "999"}, {"TRE_R85", "60"}, {"tre_g15", "60"}} {
		for _, seat := range seats {
			if row, ok := m.Row(p, "", seat); ok || row.Reads|row.Writes|row.Alerts != 0 {
				t.Errorf("%v at %s has a row", p, seat)
			}
		}
		if a := m.Actions(p, seats); a != 0 {
			t.Errorf("%v may %v", p, a.Codes())
		}
	}
	var none Matrix
	if _, ok := none.Row(Physician, "", SeatMedecinTraitant); ok || none.Actions(Physician, seats) != 0 {
		t.Error("the zero matrix allows something")
	}
}

// A seat whose rules do not exist yet must not fall to the row for every seat: an expert would read the whole dossier.
func TestUnknownSeatHasNothing(t *testing.T) {
	t.Parallel()
	m := defaultMatrix(t)
	for _, seat := range []string{"expert", "remplacant", "secretariat", "", "Intervenant"} {
		if row, ok := m.Row(Physician, "", seat); ok || row.Reads|row.Writes|row.Alerts != 0 {
			t.Errorf("a physician at %q reads %v", seat, row.Reads)
		}
	}
}

func TestActionsOfTheDefault(t *testing.T) {
	t.Parallel()
	m := defaultMatrix(t)
	nurse, help, pharmacist := Profession{"TRE_G15", "60"}, Profession{"TRE_R85", "372"}, Profession{"TRE_G15", "21"}
	for _, c := range []struct {
		p    Profession
		seat string
		may  Actions
	}{
		{help, SeatIntervenant, EndOwnMembership},
		{help, SeatCoordonnateur, EndOwnMembership | ManageCircle | ExportDossier | CloseDossier | RecordWill},
		{pharmacist, SeatIntervenant, EndOwnMembership},
		{nurse, SeatIntervenant, EndOwnMembership | OpenDossier | SetAlertRules | BreakGlass},
		{nurse, SeatReferent, EndOwnMembership | OpenDossier | SetAlertRules | BreakGlass | ManageCircle | SeeFullReasons | ExportDossier | ReadDossierJournal | CloseDossier | RecordWill},
		{Physician, SeatMedecinTraitant, EndOwnMembership | OpenDossier | SetAlertRules | BreakGlass | ManageCircle | SeeFullReasons | ExportDossier | CloseDossier | RecordWill},
	} {
		if got := m.Actions(c.p, []string{c.seat}); got != c.may {
			t.Errorf("%v at %s may %v, want %v", c.p, c.seat, got.Codes(), c.may.Codes())
		}
	}
	if m.Actions(nurse, nil)&OpenDossier == 0 || m.Actions(help, nil)&OpenDossier != 0 {
		t.Error("who opens a dossier holds no seat yet")
	}
}

func TestMatrixRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	const head = "system,code,seat,label_fr,mask_class,medical,medication,nursing,psychological,functional,daily_life,social,administrative,organisation\n"
	const row = "TRE_G15,10,*,Médecin,ps,rwa,rw,r,-,r,r,r,r,rw\n"
	const actions = "action,system,code,seat\nopen_dossier,TRE_G15,10,*\n"
	if _, err := ParseMatrix(1, Tables{Categories: head + row, Actions: actions}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ categories, actions string }{
		"nothing":               {"", actions},
		"no actions":            {head + row, ""},
		"a row twice":           {head + row + row, actions},
		"a mask class":          {head + strings.Replace(row, ",ps,", ",xx,", 1), actions},
		"no mask class":         {head + strings.Replace(row, ",ps,", ",,", 1), actions},
		"a right":               {head + strings.Replace(row, "rwa", "rwx", 1), actions},
		"an empty cell":         {head + strings.Replace(row, "rwa", "", 1), actions},
		"an alert without read": {head + strings.Replace(row, "rwa", "wa", 1), actions},
		"a missing column":      {strings.Replace(head+row, ",organisation", "", 1), actions},
		"a renamed column":      {strings.Replace(head, "medication", "medicines", 1) + row, actions},
		"no code":               {head + strings.Replace(row, ",10,", ",,", 1), actions},
		"no seat":               {head + strings.Replace(row, ",*,", ",,", 1), actions},
		"an action":             {head + row, actions + "fly,TRE_G15,10,*\n"},
	} {
		if m, err := ParseMatrix(1, Tables{Categories: c.categories, Actions: c.actions}); err == nil {
			t.Errorf("%s was accepted: %+v", name, m)
		}
	}
}

func TestCodesAndBits(t *testing.T) {
	t.Parallel()
	for i, code := range CategoryCodes {
		c, ok := ParseCategory(code)
		if !ok || c != 1<<i || c.String() != code {
			t.Errorf("%s is %d", code, c)
		}
	}
	for i, code := range MaskCodes {
		if m, ok := ParseMask(code); !ok || m != 1<<i || m.Codes()[0] != code {
			t.Errorf("%s is %d", code, m)
		}
	}
	if _, ok := ParseCategory("Medical"); ok {
		t.Error("codes have one form")
	}
	if _, ok := ParseMask(""); ok {
		t.Error("no code is no mask")
	}
	if got := fmt.Sprint(AllCategories.Codes()); got != fmt.Sprint(CategoryCodes) || len(ActionCodes) != 10 || OpenDossier != 512 {
		t.Errorf("all categories are %s", got)
	}
}
