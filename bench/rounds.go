package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// Round is one turn of everything that is compared: commits, posts as fast as they are acknowledged, posts at a given rate.
type Round struct {
	Commits Commits `json:"commits"`
	Posts   Posts   `json:"posts"`
	Paced   Paced   `json:"paced"`
}

// Posts is the closed loop: each of 64 authors posts again once her last one is acknowledged.
type Posts struct {
	PerSecond      float64 `json:"per_second"`
	DeliveriesPS   float64 `json:"deliveries_per_second"`
	AckP50         float64 `json:"ack_p50_ms"`
	DeliveryP50    float64 `json:"delivery_p50_ms"`
	DeliveryP99    float64 `json:"delivery_p99_ms"`
	ServerMicros   float64 `json:"server_us"`   // CPU a post
	DatabaseMicros float64 `json:"database_us"` // CPU a post
	ToCommits      float64 `json:"to_commits"`  // posts for one commit of our own loop in this round
	Foreign        float64 `json:"foreign_cpu"`
	Delivered
	from, to int64
}

// Paced is the open loop: posts come at their time whether the last was answered or not, and delays count from that time.
type Paced struct {
	PerSecond   float64 `json:"per_second"`
	DeliveryP50 float64 `json:"delivery_p50_ms"`
	DeliveryP99 float64 `json:"delivery_p99_ms"`
	Foreign     float64 `json:"foreign_cpu"`
	Delivered
	from, to int64
}

// load is what the posts of all rounds go through.
type load struct {
	*ledger
	run    *run
	server *server
	meter  meter
}

func (r *run) rounds(ctx context.Context) error {
	if err := r.prepareCommits(ctx); err != nil {
		return err
	}
	s, err := r.serve(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	l := &load{ledger: newLedger(r.world.listeners()), run: r, server: s, meter: meter{s.pid(), r.ground.pid}}
	closeSockets, err := l.listen(ctx, s.address)
	if err != nil {
		return err
	}
	defer closeSockets()
	for i := range r.Rounds {
		r.say("round %d of %d", i+1, r.Rounds)
		round, err := l.round(ctx)
		if err != nil {
			return err
		}
		r.report.Rounds = append(r.report.Rounds, round)
	}
	return l.settle(ctx, r.report.Rounds)
}

// posters connects the authors. Each part of a round does so anew: a server closes connections on which nothing is asked.
func (l *load) posters() (list []*poster, done func(), err error) {
	done = func() {
		for _, p := range list {
			p.close()
		}
	}
	for _, author := range l.run.world.authors() {
		p, err := newPoster(l.server.address, author)
		if err != nil {
			done()
			return nil, nil, err
		}
		list = append(list, p)
	}
	return list, done, nil
}

func (l *load) round(ctx context.Context) (round Round, err error) {
	if round.Commits, err = l.run.commits(ctx); err != nil {
		return round, err
	}
	if round.Posts, err = l.closed(ctx); err != nil {
		return round, err
	}
	round.Posts.ToCommits = ratio(round.Posts.PerSecond, round.Commits.PerSecond)
	round.Paced, err = l.paced(ctx)
	return round, err
}

// closed posts from every author at once for the round's seconds. CPU is counted until the last delivery.
func (l *load) closed(ctx context.Context) (p Posts, err error) {
	posters, done, err := l.posters()
	if err != nil {
		return p, err
	}
	defer done()
	before, err := l.meter.read()
	if err != nil {
		return p, err
	}
	p.from = l.upTo()
	began := time.Now()
	if err := l.postAll(ctx, posters, began.Add(time.Duration(l.run.Seconds)*time.Second)); err != nil {
		return p, err
	}
	posting := time.Since(began)
	p.to = l.upTo()
	l.untilDelivered(ctx, p.from, p.to)
	took := time.Since(began)
	after, err := l.meter.read()
	if err != nil {
		return p, err
	}
	used, acked := after.since(before), l.acknowledged(p.from, p.to)
	p.PerSecond = float64(acked) / posting.Seconds()
	p.DeliveriesPS = float64(l.account(p.from, p.to).Deliveries) / took.Seconds()
	p.ServerMicros, p.DatabaseMicros, p.Foreign = per(used.server, acked), per(used.database, acked), used.foreign()
	delays := millis(l.delays(p.from, p.to), 0.5, 0.99)
	p.DeliveryP50, p.DeliveryP99 = delays[0], delays[1]
	p.AckP50 = millis(l.waits(p.from, p.to), 0.5)[0]
	return p, nil
}

func (l *load) postAll(ctx context.Context, posters []*poster, end time.Time) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range posters {
		group.Go(func() error {
			for time.Now().Before(end) && ctx.Err() == nil {
				if ok, err := l.postOne(p, ticks()); !ok || err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

func (l *load) postOne(p *poster, due int64) (bool, error) {
	n, id, ok := l.post(p.author.team, due)
	if !ok {
		return false, nil
	}
	if err := p.post(id); err != nil {
		return false, err
	}
	l.posts[n].acked.Store(ticks())
	return true, nil
}

// waits are how long acknowledgements took.
func (l *load) waits(from, to int64) (out []time.Duration) {
	for i := from; i < to; i++ {
		if acked := l.posts[i].acked.Load(); acked != 0 {
			out = append(out, time.Duration(acked-l.posts[i].due))
		}
	}
	return out
}

// deliveryPatience is how long a delivery may take before it counts as lost: more than what finds a hint that was dropped.
const deliveryPatience = 8 * time.Second

// untilDelivered waits until nothing is missing, or as long as a delivery may take.
func (l *load) untilDelivered(ctx context.Context, from, to int64) {
	end := time.NewTimer(deliveryPatience)
	defer end.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for l.account(from, to).Lost > 0 {
		select {
		case <-look.C:
		case <-end.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// paced posts at a fixed rate; which author does is whoever is free.
func (l *load) paced(ctx context.Context) (p Paced, err error) {
	posters, done, err := l.posters()
	if err != nil {
		return p, err
	}
	defer done()
	before, err := l.meter.read()
	if err != nil {
		return p, err
	}
	p.from = l.upTo()
	began := time.Now()
	if err := l.postPaced(ctx, posters, openRate*l.run.Seconds); err != nil {
		return p, err
	}
	posting := time.Since(began)
	p.to = l.upTo()
	l.untilDelivered(ctx, p.from, p.to)
	after, err := l.meter.read()
	if err != nil {
		return p, err
	}
	p.Foreign = after.since(before).foreign()
	p.PerSecond = float64(l.acknowledged(p.from, p.to)) / posting.Seconds()
	delays := millis(l.delays(p.from, p.to), 0.5, 0.99)
	p.DeliveryP50, p.DeliveryP99 = delays[0], delays[1]
	return p, nil
}

func (l *load) postPaced(ctx context.Context, posters []*poster, count int) error {
	due := make(chan int64, count) // all of them: a slow server must not slow the clock
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range posters {
		group.Go(func() error {
			for at := range due {
				if ok, err := l.postOne(p, at); !ok || err != nil {
					return err
				}
			}
			return nil
		})
	}
	pace(ctx, count, due)
	return group.Wait()
}

// pace puts each post's time in due when it has come.
func pace(ctx context.Context, count int, due chan<- int64) {
	defer close(due)
	start, timer := ticks(), time.NewTimer(0)
	defer timer.Stop()
	for i := range count {
		at := start + int64(i)*int64(time.Second)/openRate
		timer.Reset(time.Duration(at - ticks()))
		select {
		case <-timer.C:
			due <- at
		case <-ctx.Done():
			return
		}
	}
}

// settle closes the account of every round, once nothing has come for a while.
func (l *load) settle(ctx context.Context, rounds []Round) error {
	l.untilQuiet(ctx)
	if err := l.broken(); err != nil {
		return err
	}
	for i := range rounds {
		rounds[i].Posts.Delivered = l.account(rounds[i].Posts.from, rounds[i].Posts.to)
		rounds[i].Paced.Delivered = l.account(rounds[i].Paced.from, rounds[i].Paced.to)
	}
	if n := l.strangers(); n > 0 {
		return fmt.Errorf("%d frames tell of messages that nobody posted", n)
	}
	return nil
}

// quietFor is longer than a node takes to compare itself with the database: a double would come by then.
const quietFor = 5 * time.Second

// untilQuiet waits until no frame has come for that long, or as long as a delivery may take on top.
func (l *load) untilQuiet(ctx context.Context) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	began := time.Now()
	came, since := l.arrivals(), began
	for time.Since(since) < quietFor && time.Since(began) < quietFor+deliveryPatience {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		if n := l.arrivals(); n != came {
			came, since = n, time.Now()
		}
	}
}
