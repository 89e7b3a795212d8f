package teams

import (
	"slices"

	"liaison/access"
)

// knownSeats are those of the model; openSeats those that can be given today.
var (
	openSeats  = []string{access.SeatMedecinTraitant, access.SeatReferent, access.SeatCoordonnateur, access.SeatIntervenant}
	knownSeats = append([]string{"remplacant", "secretariat", "expert"}, openSeats...)
	// bases are the legal grounds of a place: the three limbs of L1110-12, or the patient's consent.
	bases = []string{"care_team_1", "care_team_2", "care_team_3", access.BasisConsent}
)

// seat wants one that exists, can be given, and fits the profession.
func (c *checker) seat(seat string, p access.Profession) {
	c.want(slices.Contains(knownSeats, seat), "seat", "unknown_seat")
	c.want(slices.Contains(openSeats, seat), "seat", "seat_not_open")
	c.want(seat != access.SeatMedecinTraitant || p == access.Physician, "seat", "seat_needs_physician")
}

// mostly is what each profession mostly writes about.
var mostly = map[access.Profession]access.Categories{
	{System: "TRE_G15", Code: "10"}:  access.Medical,
	{System: "TRE_G15", Code: "21"}:  access.Medication,
	{System: "TRE_G15", Code: "26"}:  access.Functional,
	{System: "TRE_G15", Code: "28"}:  access.Functional,
	{System: "TRE_G15", Code: "40"}:  access.Medication,
	{System: "TRE_G15", Code: "50"}:  access.Medical,
	{System: "TRE_G15", Code: "60"}:  access.Nursing,
	{System: "TRE_G15", Code: "69"}:  access.Nursing,
	{System: "TRE_G15", Code: "70"}:  access.Functional,
	{System: "TRE_G15", Code: "80"}:  access.Nursing,
	{System: "TRE_G15", Code: "91"}:  access.Functional,
	{System: "TRE_G15", Code: "92"}:  access.Functional,
	{System: "TRE_G15", Code: "94"}:  access.Functional,
	{System: "TRE_G15", Code: "95"}:  access.Nursing,
	{System: "TRE_G15", Code: "96"}:  access.Functional,
	{System: "TRE_R95", Code: "71"}:  access.Functional,
	{System: "TRE_R95", Code: "72"}:  access.Psychological,
	{System: "TRE_R95", Code: "73"}:  access.Functional,
	{System: "TRE_R95", Code: "93"}:  access.Psychological,
	{System: "TRE_R94", Code: "41"}:  access.Social,
	{System: "TRE_R85", Code: "307"}: access.Social,
	{System: "TRE_R85", Code: "310"}: access.Social,
	{System: "TRE_R85", Code: "313"}: access.DailyLife,
	{System: "TRE_R85", Code: "317"}: access.Medication,
	{System: "TRE_R85", Code: "318"}: access.DailyLife,
	{System: "TRE_R85", Code: "319"}: access.DailyLife,
	{System: "TRE_R85", Code: "320"}: access.Social,
	{System: "TRE_R85", Code: "323"}: access.DailyLife,
	{System: "TRE_R85", Code: "326"}: access.Social,
	{System: "TRE_R85", Code: "328"}: access.DailyLife,
	{System: "TRE_R85", Code: "331"}: access.Administrative,
	{System: "TRE_R85", Code: "346"}: access.Nursing,
	{System: "TRE_R85", Code: "371"}: access.DailyLife,
	{System: "TRE_R85", Code: "372"}: access.DailyLife,
}

// defaultCategory is where a writer's note most likely belongs, among what she may write here; nil when she writes nothing.
func defaultCategory(p access.Profession, writes access.Categories) *string {
	for _, c := range []access.Categories{mostly[p.InForce()], access.Organisation, writes & -writes} {
		if c&writes != 0 {
			code := c.Codes()[0]
			return &code
		}
	}
	return nil
}
