package chat

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// messageColumns reads a row. The thread is null for whoever may not read its root: row-level security hides the root.
const messageColumns = `m.id, m.space_id, m.channel_id, m.position, m.author_id, (select r.id from messages r where r.id = m.thread_id),
	m.category, m.masks, m.only_to, m.note_type, m.urgent, m.state, m.revision, m.body, m.written_at, m.created_at, m.changed_at, m.narrowed_at, m.document_types`

func scanRows(rows pgx.Rows) ([]row, error) { return pgx.CollectRows(rows, pgx.RowToStructByPos[row]) }

// insertMessages queues one statement for all rows of a batch.
func insertMessages(t access.Together, rows []row, prints [][]byte) {
	n := len(rows)
	if n == 0 {
		return
	}
	ids, spaces, channels, authors, threads := make([]uuid.UUID, n), make([]uuid.UUID, n), make([]uuid.UUID, n), make([]uuid.UUID, n), make([]*uuid.UUID, n)
	positions, categories, masks, only := make([]int64, n), make([]int32, n), make([]int32, n), make([]*string, n)
	types, urgent, bodies, written, created := make([]*string, n), make([]bool, n), make([][]byte, n), make([]time.Time, n), make([]time.Time, n)
	kinds, documents := make([]int32, n), make([]*string, n)
	for i, r := range rows {
		ids[i], spaces[i], channels[i], authors[i], threads[i] = r.ID, r.Space, r.Channel, r.Author, r.Thread
		positions[i], categories[i], masks[i], only[i] = r.Position, int32(r.Category), int32(r.Masks), arrayText(r.OnlyTo)
		types[i], urgent[i], bodies[i], written[i], created[i] = r.NoteType, r.Urgent, r.Body, r.WrittenAt, r.CreatedAt
		kinds[i], documents[i] = r.Kinds, codesText(r.Types)
	}
	t.Queue(`insert into messages (id, space_id, channel_id, position, author_id, thread_id, category, masks, only_to, note_type, urgent, body,
			fingerprint, written_at, created_at, measure_kinds, document_types)
		select id, space, channel, position, author, thread, category, masks, only_to::uuid[], note_type, urgent, body, print, written, created, kinds, documents::text[]
		from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::uuid[], $6::uuid[], $7::int[], $8::int[], $9::text[], $10::text[],
			$11::boolean[], $12::bytea[], $13::bytea[], $14::timestamptz[], $15::timestamptz[], $16::int[], $17::text[])
			v (id, space, channel, position, author, thread, category, masks, only_to, note_type, urgent, body, print, written, created, kinds, documents)`,
		ids, spaces, channels, positions, authors, threads, categories, masks, only, types, urgent, bodies, prints, written, created, kinds, documents)
}

// arrayText writes ids as an array literal: unnest takes no array of arrays of different lengths.
func arrayText(ids []uuid.UUID) *string {
	if ids == nil {
		return nil
	}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return codesText(texts)
}

// codesText does the same of codes, which hold nothing an array literal would quote.
func codesText(codes []string) *string {
	if codes == nil {
		return nil
	}
	text := "{" + strings.Join(codes, ",") + "}"
	return &text
}
