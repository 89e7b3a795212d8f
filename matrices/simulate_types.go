package matrices

import (
	"cmp"
	"maps"
	"slices"

	"github.com/google/uuid"

	"liaison/access"
)

// DocumentChange is how many may read a type of documents again, and how many no longer.
type DocumentChange struct {
	DocumentType string `json:"document_type"`
	Gains        Count  `json:"gains"`
	Losses       Count  `json:"losses"`
}

// typeChange is one type of documents that a profession may read again, or no longer.
type typeChange struct {
	profession access.Profession
	code       string
	gained     bool
}

// compareTypes counts the types of documents that one person may read again, or no longer, where she reads at all.
func (t *tally) compareTypes(team, person uuid.UUID, profession access.Profession, was, will access.Standing) bool {
	if was.Reads == 0 || will.Reads == 0 || slices.Equal(was.Barred, will.Barred) {
		return false
	}
	for _, code := range was.Barred {
		if !slices.Contains(will.Barred, code) {
			counter(t.types, typeChange{profession, code, true}).add(person, team)
		}
	}
	for _, code := range will.Barred {
		if !slices.Contains(was.Barred, code) {
			counter(t.types, typeChange{profession, code, false}).add(person, team)
		}
	}
	return true
}

// documents are the types that change for a profession, in the order of their codes.
func (t *tally) documents(p access.Profession) (out []DocumentChange) {
	found := map[string]DocumentChange{}
	for key, n := range t.types {
		if key.profession != p {
			continue
		}
		one := found[key.code]
		one.DocumentType = key.code
		if key.gained {
			one.Gains = n.Count()
		} else {
			one.Losses = n.Count()
		}
		found[key.code] = one
	}
	return slices.SortedFunc(maps.Values(found), func(a, b DocumentChange) int { return cmp.Compare(a.DocumentType, b.DocumentType) })
}
