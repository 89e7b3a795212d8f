package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/chat"
	"liaison/chat/words"
	"liaison/vault"
)

// vocabulary are words used as often as a language uses them: few very often, most of them hardly.
type vocabulary struct {
	mu       sync.Mutex
	words    []string
	held     []int // how many messages hold each
	messages int
	dice     *rand.Rand
	zipf     *rand.Zipf
}

const (
	commonCount    = 8000
	rareCount      = 40
	rareEvery      = 250 // messages hold one of the rare words
	wordCount      = commonCount + rareCount
	wordsAMessage  = 45
	bodyKey        = "t" // of the text in a sealed body
	copyStep       = 20_000
	archiveFrom    = 1_000_000 // positions of what is copied; posts count from one
	archiveMinutes = 1         // between two messages
)

func newVocabulary() *vocabulary {
	v := &vocabulary{held: make([]int, wordCount), dice: rand.New(rand.NewPCG(3, 5))}
	v.zipf = rand.NewZipf(v.dice, 1.15, 8, commonCount-1)
	for i := range wordCount {
		v.words = append(v.words, syllables(i))
	}
	return v
}

// syllables writes a number as a word that can be spoken and has no other's stem.
func syllables(n int) string {
	var b strings.Builder
	for range 4 {
		b.WriteByte("bcdfgklmnprtv"[n%13])
		b.WriteByte("aou"[n/13%3])
		n /= 39
	}
	return b.String() + "k"
}

// message is the words of one message.
func (v *vocabulary) message() []int {
	v.mu.Lock()
	defer v.mu.Unlock()
	said := make([]int, wordsAMessage)
	for i := range said {
		said[i] = int(v.zipf.Uint64())
	}
	if v.messages%rareEvery == 0 {
		said[0] = commonCount + v.messages/rareEvery%rareCount
	}
	distinct := slices.Clone(said)
	slices.Sort(distinct)
	for _, w := range slices.Compact(distinct) {
		v.held[w]++
	}
	v.messages++
	return said
}

func (v *vocabulary) spoken(said []int) string {
	words := make([]string, len(said))
	for i, w := range said {
		words[i] = v.words[w]
	}
	return strings.Join(words, " ")
}

// loadArchive copies sealed messages and their entries into the tables, as if they had been posted and indexed: only a bench
// may, and posting a million would take its whole time.
func (r *run) loadArchive(ctx context.Context, a *archive) error {
	r.say("copying %d sealed messages and their index", r.Search)
	keys, err := vault.Open(ctx, r.ground.config(nil).KeysURL, r.ground.config(nil).MasterKeyFile)
	if err != nil {
		return err
	}
	defer keys.Close()
	var index string
	if err := r.ground.admin.QueryRow(ctx, "select pg_get_indexdef('search_entries_terms'::regclass)").Scan(&index); err != nil {
		return err
	}
	if _, err := r.ground.admin.Exec(ctx, "drop index search_entries_terms"); err != nil {
		return err
	}
	if err := r.copyArchive(ctx, a, keys); err != nil {
		return err
	}
	conn, err := r.ground.admin.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	for _, sql := range []string{
		"set maintenance_work_mem = '512MB'", index, "reset maintenance_work_mem",
		"vacuum (analyze) messages", "vacuum (analyze) search_entries", "analyze standings", "analyze patients",
		// What was copied is indexed.
		"update search_progress set horizon = pg_current_snapshot()::text, next = null, after = null, whole = false",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return r.measureArchive(ctx)
}

func (r *run) measureArchive(ctx context.Context) error {
	var bytes int64
	err := r.ground.admin.QueryRow(ctx, "select count(*), pg_total_relation_size('search_entries') from messages").Scan(&r.report.Searches.Messages, &bytes)
	r.report.Searches.IndexMiB = mib(bytes)
	return err
}

func (r *run) copyArchive(ctx context.Context, a *archive, keys *vault.Vault) error {
	stems := make([]string, wordCount)
	for i, word := range a.words.words {
		stems[i] = words.Of(word)[0]
	}
	for _, code := range categories {
		stems = append(stems, chat.FactTerms(chat.KindMessage, uuid.Nil, bitOf(code), "")...)
	}
	for _, author := range a.authors {
		stems = append(stems, chat.FactTerms(chat.KindMessage, author.id, 0, "")...)
	}
	terms := make([][]int64, len(a.circles))
	for i, c := range a.circles {
		made, err := keys.Terms(ctx, []uuid.UUID{c.Space}, stems)
		if err != nil {
			return err
		}
		terms[i] = made[c.Space]
	}
	for from := 0; from < r.Search; from += copyStep {
		if err := r.copyStep(ctx, a, keys, terms, from, min(copyStep, r.Search-from)); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) copyStep(ctx context.Context, a *archive, keys *vault.Vault, terms [][]int64, from, count int) error {
	messages, entries := make([][]any, count), make([][]any, count)
	for k := range count {
		i := from + k
		n := i * 7919 % len(a.circles)
		c := a.circles[n]
		said := a.words.message()
		id, at := newID(), time.Now().Add(-time.Duration(r.Search-i)*archiveMinutes*time.Minute)
		body, err := a.sealed(ctx, keys, c.Space, id, said)
		if err != nil {
			return err
		}
		category := bitOf(categories[i%len(categories)]) // some read some of them
		messages[k] = []any{id, c.Space, c.Notebook, int64(archiveFrom + i), a.authors[i%writers].id, int32(category), body, []byte{}, at, at}
		held := make([]int64, len(said))
		for j, w := range said {
			held[j] = terms[n][w]
		}
		held = append(held, terms[n][wordCount+i%len(categories)], terms[n][wordCount+len(categories)+i%writers])
		slices.Sort(held)
		entries[k] = []any{id, "message", id, c.Space, at, slices.Compact(held)}
	}
	columns := []string{"id", "space_id", "channel_id", "position", "author_id", "category", "body", "fingerprint", "written_at", "created_at"}
	if _, err := r.ground.admin.CopyFrom(ctx, pgx.Identifier{"messages"}, columns, pgx.CopyFromRows(messages)); err != nil {
		return fmt.Errorf("copy messages: %w", err)
	}
	columns = []string{"object_id", "kind", "message_id", "space_id", "at", "terms"}
	if _, err := r.ground.admin.CopyFrom(ctx, pgx.Identifier{"search_entries"}, columns, pgx.CopyFromRows(entries)); err != nil {
		return fmt.Errorf("copy entries: %w", err)
	}
	return nil
}

func bitOf(code string) access.Categories {
	bit, _ := access.ParseCategory(code)
	return bit
}

func (a *archive) sealed(ctx context.Context, keys *vault.Vault, space, id uuid.UUID, said []int) ([]byte, error) {
	raw, err := json.Marshal(map[string]string{bodyKey: a.words.spoken(said)})
	if err != nil {
		return nil, err
	}
	return keys.Seal(ctx, space, id, 1, raw)
}
