package teams

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/professions"
	"liaison/storage"
)

// StructureItem is a structure in the directory, with who works there now.
type StructureItem struct {
	Structure
	Parent  *Structure           `json:"parent"`
	Working int                  `json:"working"`
	People  []professions.Person `json:"people"`
}

// StructuresPage is one page; Next, passed as after, gives the following one.
type StructuresPage struct {
	Items []StructureItem
	Next  uuid.UUID
}

// Structures lists those of which words begin as those of q, for everybody: who works where is no secret among professionals.
func (s *Service) Structures(ctx context.Context, q string, limit int, after uuid.UUID) (StructuresPage, error) {
	page, err := listStructures(ctx, s.db.Pool, structureQuery{q: q, limit: limit, after: after})
	if err != nil {
		return StructuresPage{}, err
	}
	ids := make([]uuid.UUID, len(page.Items))
	for i := range page.Items {
		ids[i] = page.Items[i].ID
	}
	people, err := s.workingIn(ctx, ids)
	out := StructuresPage{Items: []StructureItem{}, Next: page.Next}
	for _, a := range page.Items {
		out.Items = append(out.Items, StructureItem{a.Structure, a.Parent, a.Working, orEmpty(people[a.ID])})
	}
	return out, err
}

// workingIn gives who works now in each of these structures, by name.
func (s *Service) workingIn(ctx context.Context, structures []uuid.UUID) (map[uuid.UUID][]professions.Person, error) {
	rows, err := s.db.Pool.Query(ctx, `select distinct b.organisation_id, b.person_id from belongings b
		where b.organisation_id = any ($1) and `+worksNow, structures)
	if err != nil {
		return nil, fmt.Errorf("read who works in structures: %w", err)
	}
	var structure, person uuid.UUID
	in, ids := map[uuid.UUID][]uuid.UUID{}, []uuid.UUID{}
	_, err = pgx.ForEachRow(rows, []any{&structure, &person}, func() error {
		in[structure] = append(in[structure], person)
		ids = append(ids, person)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who works in structures: %w", err)
	}
	people, err := s.persons(ctx, ids)
	out := map[uuid.UUID][]professions.Person{}
	for structure, ids := range in {
		for _, id := range ids {
			out[structure] = append(out[structure], people[id])
		}
		slices.SortFunc(out[structure], byFamilyName)
	}
	return out, err
}

// structureQuery chooses structures: one, or a page of those of which words begin as those of q.
type structureQuery struct {
	id, after uuid.UUID
	q         string
	limit     int
}

const mostStructures = 100

// worksNow is a time b in a structure, of somebody whose account is open.
const worksNow = `b.valid_from <= statement_timestamp() and statement_timestamp() < b.valid_until
	and exists (select from accounts a where a.person_id = b.person_id and a.active)`

func listStructures(ctx context.Context, tx storage.Querier, q structureQuery) (page AdminStructuresPage, err error) {
	limit := min(max(q.limit, 1), mostStructures)
	rows, err := tx.Query(ctx, `select o.id, o.kind, o.name, o.town, o.finess, p.id, p.kind, p.name, p.town,
			(select count(distinct b.person_id) from belongings b where b.organisation_id = o.id and `+worksNow+`)
		from organisations o left join organisations p on p.id = o.parent_id
		where ($1::uuid is null or o.id = $1)
			and ($2::uuid is null or (o.name_key, o.id) > (select c.name_key, c.id from organisations c where c.id = $2))
			and (select coalesce(bool_and(' ' || o.name_key like '% ' || w || '%'), true) from unnest($3::text[]) w)
		order by o.name_key, o.id limit $4`, storage.OrNull(q.id), storage.OrNull(q.after), strings.Fields(givenKey(q.q)), limit+1)
	if err != nil {
		return page, fmt.Errorf("list structures: %w", err)
	}
	page.Items, err = pgx.CollectRows(rows, scanStructure)
	if err != nil {
		return page, fmt.Errorf("list structures: %w", err)
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = page.Items[limit-1].ID
	}
	return page, nil
}

func scanStructure(r pgx.CollectableRow) (a AdminStructure, err error) {
	var id *uuid.UUID
	var kind, name, town *string
	err = r.Scan(&a.ID, &a.Kind, &a.Name, &a.Town, &a.Finess, &id, &kind, &name, &town, &a.Working)
	if id != nil && kind != nil && name != nil {
		a.Parent = &Structure{*id, *kind, *name, town}
	}
	return a, err
}
