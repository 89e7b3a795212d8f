// Package access decides who may see and do what, and is the only door to care data: the matrix, the standings compiled
// from it, and the gate that every read and write passes. It knows spaces, people and rules; it knows no message text,
// no patient and no transport.
package access

import (
	"math/bits"
	"strings"
)

// Categories is a set of what messages are about (rubriques), one bit each, in the order of the matrix.
type Categories int32

// The categories of the matrix.
const (
	Medical Categories = 1 << iota
	Medication
	Nursing
	Psychological
	Functional
	DailyLife
	Social
	Administrative
	Organisation

	AllCategories Categories = 1<<iota - 1
)

// CategoryCodes lists the codes in the order of their bits.
var CategoryCodes = []string{
	"medical", "medication", "nursing", "psychological", "functional", "daily_life", "social", "administrative", "organisation",
}

// Masks is a set of the national visibility codes of a message (TRE_A07-StatutVisibiliteDocument).
type Masks int32

// The visibility codes. The last two concern the patient's side and hit no professional.
const (
	MaskPS Masks = 1 << iota
	MaskPSocial
	MaskPT
	MaskPatient
	MaskRepresentatives
)

// MaskCodes lists the codes in the order of their bits.
var MaskCodes = []string{
	"MASQUE_PS", "MASQUE_PSOCIAL", "MASQUE_PT", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX",
}

// Actions is a set of what a seat or a profession may do beyond reading and writing.
type Actions int32

// The actions of the matrix.
const (
	ManageCircle Actions = 1 << iota
	EndOwnMembership
	SetAlertRules
	BreakGlass
	SeeFullReasons
	ExportDossier
	ReadDossierJournal
	CloseDossier
	RecordWill
	OpenDossier
)

// ActionCodes lists the codes in the order of their bits.
var ActionCodes = []string{
	"manage_circle", "end_own_membership", "set_alert_rules", "break_glass", "see_full_reasons", "export_dossier",
	"read_dossier_journal", "close_dossier", "record_will", "open_dossier",
}

// ParseCategory gives the bit of a code; unknown codes are nothing.
func ParseCategory(code string) (Categories, bool) {
	n, ok := bitOf(CategoryCodes, code)
	return Categories(n), ok
}

// ParseMask gives the bit of a visibility code.
func ParseMask(code string) (Masks, bool) {
	n, ok := bitOf(MaskCodes, code)
	return Masks(n), ok
}

// Codes names the members of the set, in the matrix's order.
func (c Categories) Codes() []string { return codesOf(CategoryCodes, int32(c)) }

// Codes names the members of the set.
func (m Masks) Codes() []string { return codesOf(MaskCodes, int32(m)) }

// Codes names the members of the set.
func (a Actions) Codes() []string { return codesOf(ActionCodes, int32(a)) }

func (c Categories) String() string { return strings.Join(c.Codes(), " ") }

func bitOf(codes []string, code string) (int32, bool) {
	for i, c := range codes {
		if c == code {
			return 1 << i, true
		}
	}
	return 0, false
}

func codesOf(codes []string, set int32) []string {
	out := make([]string, 0, bits.OnesCount32(uint32(set)))
	for i, c := range codes {
		if set&(1<<i) != 0 {
			out = append(out, c)
		}
	}
	return out
}
