package teams

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Identity is what is known of a patient's person, with the status of its reliability (RNIV).
type Identity struct {
	BirthName      string      `json:"birth_name"`
	UsedName       string      `json:"used_name,omitempty"`
	GivenNames     string      `json:"given_names"`
	Sex            string      `json:"sex"`
	BirthDate      string      `json:"birth_date"`
	BirthPlace     string      `json:"birth_place,omitempty"`
	BirthPlaceCode string      `json:"birth_place_code,omitempty"`
	IdentityStatus string      `json:"identity_status,omitempty"`
	INSMatricule   string      `json:"ins_matricule,omitempty"`
	INSOID         string      `json:"ins_oid,omitempty"`
	Address        string      `json:"address,omitempty"`
	Town           string      `json:"town,omitempty"`
	DoorCode       string      `json:"door_code,omitempty"`
	Telephones     []Telephone `json:"telephones,omitempty"`
	Carers         []Carer     `json:"carers,omitempty"`
}

// Telephone is a number at which the patient is reached.
type Telephone struct {
	Label  string `json:"label"`
	Number string `json:"number"`
}

// Carer is somebody at hand: a relative, a neighbour.
type Carer struct {
	Name      string `json:"name"`
	Relation  string `json:"relation"`
	Telephone string `json:"telephone"`
}

// The statuses of an identity: only a qualified one carries its matricule.
const (
	Provisional = "PROV"
	Recovered   = "RECUP"
	Validated   = "VALI"
	Qualified   = "QUAL"
)

// insOIDs are the authorities of an INS: NIR, NIA, and those of tests and demonstrations.
var insOIDs = []string{"1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11"}

const (
	maxTelephones = 10
	maxCarers     = 20
)

// checked gives the identity as it is kept.
func (id Identity) checked(c *checker, now time.Time) Identity {
	id.BirthName = c.neededName("birth_name", id.BirthName)
	id.UsedName = c.name("used_name", id.UsedName)
	if id.UsedName == id.BirthName {
		id.UsedName = ""
	}
	id.GivenNames = c.neededName("given_names", id.GivenNames)
	c.want(slices.Contains([]string{"F", "M", "U"}, id.Sex), "sex", "sex_unknown")
	c.birthDate("birth_date", id.BirthDate, now)
	id.BirthPlace = c.line("birth_place", id.BirthPlace, maxLine)
	id.BirthPlaceCode = strings.ToUpper(c.line("birth_place_code", id.BirthPlaceCode, 10))
	c.want(id.BirthPlaceCode == "" || isPlaceCode(id.BirthPlaceCode), "birth_place_code", "birth_place_code_invalid")
	id.Address = c.lines("address", id.Address, maxAddress)
	id.Town = c.line("town", id.Town, maxLine)
	id.DoorCode = c.line("door_code", id.DoorCode, maxLine)
	id.checkINS(c)
	id.checkReached(c)
	return id
}

// checkINS drops the matricule of an identity that is not qualified: it may be neither kept nor shown.
func (id *Identity) checkINS(c *checker) {
	if id.IdentityStatus == "" {
		id.IdentityStatus = Provisional
	}
	known := slices.Contains([]string{Provisional, Recovered, Validated, Qualified}, id.IdentityStatus)
	c.want(known, "identity_status", "identity_status_unknown")
	id.INSMatricule = strings.ToUpper(strings.ReplaceAll(c.line("ins_matricule", id.INSMatricule, 40), " ", ""))
	id.INSOID = c.line("ins_oid", id.INSOID, 40)
	c.want(id.INSMatricule == "" || isMatricule(id.INSMatricule), "ins_matricule", "ins_invalid")
	c.want(id.INSOID == "" || slices.Contains(insOIDs, id.INSOID), "ins_oid", "ins_oid_unknown")
	if id.IdentityStatus != Qualified {
		id.INSMatricule, id.INSOID = "", ""
		return
	}
	c.want(id.INSMatricule != "", "ins_matricule", "ins_missing")
	c.want(id.INSOID != "", "ins_oid", "ins_missing")
}

func (id *Identity) checkReached(c *checker) {
	c.want(len(id.Telephones) <= maxTelephones, "telephones", "too_many")
	c.want(len(id.Carers) <= maxCarers, "carers", "too_many")
	telephones := make([]Telephone, 0, len(id.Telephones))
	for _, t := range id.Telephones {
		telephones = append(telephones, Telephone{c.line("telephones", t.Label, maxName), c.telephone("telephones", t.Number)})
	}
	carers := make([]Carer, 0, len(id.Carers))
	for _, carer := range id.Carers {
		carer.Name = c.neededName("carers", carer.Name)
		carer.Relation = c.line("carers", carer.Relation, maxName)
		if carer.Telephone != "" {
			carer.Telephone = c.telephone("carers", carer.Telephone)
		}
		carers = append(carers, carer)
	}
	id.Telephones, id.Carers = telephones, carers
}

// isPlaceCode knows the form of an INSEE code: a commune's (Corsica's with a letter), or 99 and a country's.
func isPlaceCode(code string) bool {
	if len(code) != 5 {
		return false
	}
	digits := code
	if code[0] == '2' && (code[1] == 'A' || code[1] == 'B') {
		digits = "20" + code[2:]
	}
	return strings.Trim(digits, "0123456789") == ""
}

// isMatricule checks the 13 characters of a NIR or NIA and their key: 97 less the number modulo 97, where Corsica's 2A and
// 2B count as 19 and 18.
func isMatricule(m string) bool {
	if len(m) != 15 {
		return false
	}
	body := m[:13]
	switch body[5:7] {
	case "2A":
		body = body[:5] + "19" + body[7:]
	case "2B":
		body = body[:5] + "18" + body[7:]
	}
	if strings.Trim(body+m[13:], "0123456789") != "" {
		return false
	}
	number, err := strconv.ParseUint(body, 10, 64)
	if err != nil {
		return false
	}
	key, err := strconv.ParseUint(m[13:], 10, 64)
	return err == nil && key == 97-number%97
}
