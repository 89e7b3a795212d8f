package accounts

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"liaison/storage"
)

// Found is one page of people; Next, passed as after, gives the following one, uuid.Nil when there is none.
type Found struct {
	Items []Professional
	Next  uuid.UUID
}

const maxFound = 100

// Find gives the people with an active account of whom some names begin with the words of q, in any order and whatever
// the accents, or whose login begins with q. An empty q gives everybody, by name.
func (s *Service) Find(ctx context.Context, q string, limit int, after uuid.UUID) (Found, error) {
	limit = min(max(limit, 1), maxFound)
	q = strings.ReplaceAll(strings.ToValidUTF8(q, " "), "\x00", " ")
	filter, args := "", []any{storage.OrNull(after), limit + 1}
	if strings.TrimSpace(q) != "" {
		filter, args = matching, append(args, wordsBeginning(q), loginBeginning(q))
	}
	rows, err := s.db.Pool.Query(ctx, "select "+professionalColumns+`
		from professionals p join accounts a on a.person_id = p.id
		where a.active and ($1::uuid is null or (p.name_key, p.id) > (select c.name_key, c.id from professionals c where c.id = $1))
		`+filter+" order by p.name_key, p.id limit $2", args...)
	if err != nil {
		return Found{}, fmt.Errorf("find professionals: %w", err)
	}
	people, err := pgx.CollectRows(rows, scanProfessional)
	if err != nil {
		return Found{}, fmt.Errorf("find professionals: %w", err)
	}
	return pageOf(people, limit), nil
}

// matching is a union, not an "or" over two tables, which no index would serve.
const matching = `and p.id in (
	select f.id from professionals f where to_tsvector('simple', f.name_key) @@ $3::tsquery
	union select l.person_id from accounts l where lower(l.login) like $4)`

func pageOf(people []Professional, limit int) Found {
	if len(people) <= limit {
		return Found{Items: people}
	}
	return Found{Items: people[:limit], Next: people[limit-1].ID}
}

// wordsBeginning is the text search for every word of q as a beginning; no word matches nothing.
func wordsBeginning(q string) string {
	words := strings.Fields(foldName(q))
	for i, w := range words {
		words[i] = "'" + w + "':*"
	}
	return strings.Join(words, " & ")
}

func loginBeginning(q string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(strings.TrimSpace(q)))
	return escaped + "%"
}

func nameKey(family, given string) string { return foldName(family) + " " + foldName(given) }

// foldName keeps the words of a name without case, accents, hyphens and apostrophes.
func foldName(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
