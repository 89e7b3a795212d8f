package teams

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// likeness is what is known of a patient to tell her from the others.
type likeness struct {
	named
	space uuid.UUID
	shown string
}

func (d dossier) likeness() likeness {
	return likeness{named: d.named, space: d.Space, shown: shownName(d.BirthName, d.UsedName, d.GivenNames)}
}

// shownName is how a patient is named in one line: « MARCILLAC Odette ».
func shownName(birth, used, given string) string {
	family := birth
	if used != "" {
		family = used
	}
	first, _, _ := strings.Cut(given, " ")
	return strings.ToUpper(family) + " " + first
}

// neighbours finds everybody's near-homonyms without comparing everybody with everybody: two names one slip apart share what
// remains of them without one letter. For a few dossiers comparing them with all is less work (likeness.homonyms).
type neighbours struct {
	all   []likeness
	trace map[string][]int
}

func newNeighbours(all []likeness) *neighbours {
	n := &neighbours{all: all, trace: map[string][]int{}}
	for i, l := range all {
		for _, t := range traces(l.named) {
			n.trace[t] = append(n.trace[t], i)
		}
	}
	return n
}

func traces(n named) []string {
	var out []string
	for _, family := range n.families() {
		letters := []rune(family)
		out = append(out, family)
		for i := range letters {
			out = append(out, string(letters[:i])+string(letters[i+1:]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// of lists who could be taken for l.
func (n *neighbours) of(l likeness) []Homonym {
	met := map[int]bool{}
	var others []likeness
	for _, t := range traces(l.named) {
		for _, i := range n.trace[t] {
			if !met[i] {
				others = append(others, n.all[i])
			}
			met[i] = true
		}
	}
	return l.homonyms(others)
}

// homonyms lists which of them could be taken for l, the likest first.
func (l likeness) homonyms(others []likeness) []Homonym {
	var like []near
	for _, other := range others {
		if other.space != l.space && l.nearHomonym(other.named) {
			like = append(like, near{other, l.distance(other)})
		}
	}
	slices.SortFunc(like, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.shown, b.shown), slices.Compare(a.space[:], b.space[:]))
	})
	out := make([]Homonym, 0, len(like))
	for _, o := range like {
		out = append(out, Homonym{o.space, o.shown, o.born})
	}
	return out
}

// near is a homonym, and how near.
type near struct {
	likeness
	distance int
}

// distance orders homonyms: same given name before another, same family name before a slip.
func (l likeness) distance(o likeness) int {
	d := min(apart(firstGiven(l.given), firstGiven(o.given)), 9) * 2
	if !l.anyFamily(o.named, same) {
		d++
	}
	return d
}

// likenesses reads the names of every patient the actor sees, to mark one dossier's homonyms. It leaves no line of its own
// in the journal: the request it serves has one.
func (s *Service) likenesses(ctx context.Context, actor access.Actor) (all []likeness, err error) {
	err = s.gate.ReadMany(ctx, actor, "", func(sc access.Scope) error {
		all, err = likenessesIn(ctx, sc)
		return err
	})
	return all, err
}

// likenessesIn reads them in the order of names.
func likenessesIn(ctx context.Context, sc access.Scope) ([]likeness, error) {
	rows, err := sc.Tx().Query(ctx, `select space_id, birth_name, coalesce(used_name, ''), given_names, birth_name_key, used_name_key,
		given_names_key, sex, to_char(birth_date, 'YYYY-MM-DD') from patients where space_id = any ($1)
		order by coalesce(nullif(used_name_key, ''), birth_name_key), given_names_key, id`, sc.Spaces())
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return pgx.CollectRows(rows, scanLikeness)
}

func scanLikeness(r pgx.CollectableRow) (likeness, error) {
	var l likeness
	var birth, used, given string
	err := r.Scan(&l.space, &birth, &used, &given, &l.birth, &l.used, &l.given, &l.sex, &l.born)
	l.shown = shownName(birth, used, given)
	return l, err
}
