package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"liaison/chat"
	"liaison/node"
)

// Lag is how far the index is behind what is posted, and how fast it comes after.
type Lag struct {
	P50      float64 `json:"p50_ms"` // from the acknowledgement to the entry, at the open rate
	P99      float64 `json:"p99_ms"`
	FoundP50 float64 `json:"found_p50_ms"` // from before the post until its author's search shows it
	FoundP99 float64 `json:"found_p99_ms"`
	// Rate is how many messages a second a whole pass indexes; Whole is how long one takes, or would at that rate.
	Rate      float64 `json:"messages_per_second"`
	Whole     float64 `json:"whole_pass_s"`
	Estimated bool    `json:"whole_pass_estimated"`
}

const lagPosts = 100

func (r *run) lag(ctx context.Context, n *node.Node, a *archive) error {
	r.say("posting and looking for it")
	err := r.along(ctx, n, a, func() error {
		if err := r.indexedAfterPost(ctx, n, a); err != nil {
			return err
		}
		return r.foundAfterPost(ctx, n, a)
	})
	if err != nil {
		return err
	}
	return r.indexRate(ctx)
}

// along does something while others post at the open rate.
func (r *run) along(ctx context.Context, n *node.Node, a *archive, do func() error) error {
	posting, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- a.postAlong(posting, n) }()
	err := do()
	stop()
	return errors.Join(err, <-done)
}

func (a *archive) postAlong(ctx context.Context, n *node.Node) error {
	var others errgroup.Group
	others.SetLimit(posters)
	tick := time.NewTicker(time.Second / openRate)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return others.Wait()
		case <-tick.C:
		}
		others.Go(func() error {
			_, err := a.post(context.WithoutCancel(ctx), n, i*7, a.words.spoken(a.words.message()))
			return err
		})
	}
}

func (a *archive) post(ctx context.Context, n *node.Node, i int, text string) (uuid.UUID, error) {
	id := newID()
	_, _, err := n.Chat.Post(ctx, a.opener().actor(), a.circles[i%len(a.circles)].Notebook, chat.Draft{ID: id, Category: written, Text: text})
	return id, err
}

// indexedAfterPost watches the index itself: a search would wake the indexer.
func (r *run) indexedAfterPost(ctx context.Context, n *node.Node, a *archive) error {
	took, err := lags(func(i int) (time.Time, func() (bool, error), error) {
		id, err := a.post(ctx, n, i, a.words.spoken(a.words.message()))
		return time.Now(), func() (there bool, err error) {
			err = r.ground.admin.QueryRow(ctx, "select exists (select from search_entries where object_id = $1)", id).Scan(&there)
			return there, err
		}, err
	})
	if err != nil {
		return fmt.Errorf("index what was posted: %w", err)
	}
	p := millis(took, 0.5, 0.99)
	r.report.Searches.Lag.P50, r.report.Searches.Lag.P99 = p[0], p[1]
	return nil
}

// foundAfterPost posts and looks for it at once.
func (r *run) foundAfterPost(ctx context.Context, n *node.Node, a *archive) error {
	took, err := lags(func(i int) (time.Time, func() (bool, error), error) {
		word, began := "unique"+syllables(i), time.Now()
		id, err := a.post(ctx, n, i, word)
		return began, func() (bool, error) {
			got, err := n.Chat.Search(ctx, a.opener().actor(), chat.Search{Query: word})
			return len(got.Items) > 0 && got.Items[0].Message.ID == id, err
		}, err
	})
	if err != nil {
		return fmt.Errorf("find what was posted: %w", err)
	}
	p := millis(took, 0.5, 0.99)
	r.report.Searches.Lag.FoundP50, r.report.Searches.Lag.FoundP99 = p[0], p[1]
	return nil
}

// lags posts again and again, and gives how long each took from its beginning until it was there.
func lags(post func(i int) (began time.Time, there func() (bool, error), err error)) (took []time.Duration, err error) {
	for i := range lagPosts {
		began, there, err := post(i)
		for ok := false; err == nil && !ok; {
			if ok, err = there(); !ok && time.Since(began) > patience {
				err = errors.New("not there in time")
			}
		}
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// passSample is how long a whole pass is watched.
const passSample = 10 * time.Second

// indexRate begins the pass that another analysis of words would, and lets it go on to its end only when asked.
func (r *run) indexRate(ctx context.Context) error {
	r.say("indexing anew")
	var was struct {
		version int
		horizon string
	}
	admin, lag := r.ground.admin, &r.report.Searches.Lag
	if err := admin.QueryRow(ctx, "select version, horizon from search_progress").Scan(&was.version, &was.horizon); err != nil {
		return err
	}
	if err := r.setProgress(ctx, "version = 0, after = null"); err != nil {
		return err
	}
	began := time.Now()
	reached, err := r.watchPass(ctx, began)
	if err != nil {
		return err
	}
	took := time.Since(began)
	var done, all int
	if err := admin.QueryRow(ctx, `select count(*) filter (where $1::uuid is null
		or (channel_id, position) <= (select channel_id, position from messages where id = $1)), count(*) from messages`, reached).Scan(&done, &all); err != nil {
		return err
	}
	lag.Rate = float64(done) / took.Seconds()
	lag.Whole, lag.Estimated = float64(all)/lag.Rate, reached != nil
	// The entries are those that were there: nothing else is to be done.
	return r.setProgress(ctx, "version = $1, horizon = $2, next = null, after = null, whole = false", was.version, was.horizon)
}

// setProgress waits for the step under way: it would write its own.
func (r *run) setProgress(ctx context.Context, set string, args ...any) error {
	err := pgx.BeginFunc(ctx, r.ground.admin, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "lock table search_progress in access exclusive mode"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "update search_progress set "+set, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("progress of the index: %w", err)
	}
	return nil
}

// watchPass waits until the pass is over, or for as long as it is watched, and says how far it came; nil for all.
func (r *run) watchPass(ctx context.Context, began time.Time) (reached *uuid.UUID, err error) {
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		var whole bool
		err := r.ground.admin.QueryRow(ctx, "select whole or version = 0, after from search_progress").Scan(&whole, &reached)
		if err != nil || !whole {
			return nil, err
		}
		if time.Since(began) > passSample && !r.WholePass && reached != nil {
			return reached, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-look.C:
		}
	}
}
