package events

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// topic is the one channel of the bus; the instance's id keeps two instances on one Redis apart.
const topic = "liaison:events:"

// Redis is the bus between nodes. What this node publishes reaches its own subscribers directly, whatever Redis does.
type Redis struct {
	local    *Memory
	client   *redis.Client
	topic    string
	node     string
	out      *outbox
	healthy  atomic.Bool
	stop     context.CancelFunc
	finished sync.WaitGroup
	log      *slog.Logger
}

type wire struct {
	Node   string  `json:"n"`
	Events []Event `json:"e"`
}

// NewRedis joins the bus of an instance. It works without Redis too, alone, and joins when Redis comes back.
func NewRedis(url string, instance uuid.UUID, log *slog.Logger) (*Redis, error) {
	opts, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("address of Redis: %w", err)
	}
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout = time.Second, 3*time.Second, time.Second
	opts.MaxRetries = -1
	ctx, stop := context.WithCancel(context.Background())
	r := &Redis{
		local: NewMemory(), client: redis.NewClient(opts), topic: topic + instance.String(), node: uuid.NewString(),
		out: newOutbox(), stop: stop, log: log,
	}
	r.finished.Add(2)
	go r.send(ctx)
	joined := make(chan struct{})
	go r.receive(ctx, joined)
	select {
	case <-joined:
	case <-time.After(2 * time.Second):
		log.Warn("Redis does not answer; this node goes on alone and joins when it does")
	}
	return r, nil
}

// Publish tells this node's subscribers at once and the others through Redis, in the background.
func (r *Redis) Publish(evs ...Event) {
	r.local.Publish(evs...)
	r.out.push(evs)
}

// Subscribe hands over the events of every node.
func (r *Redis) Subscribe(ctx context.Context, fn func(Event)) error {
	return r.local.Subscribe(ctx, fn)
}

// Healthy says whether Redis took the last word and listens.
func (r *Redis) Healthy() bool { return r.healthy.Load() }

// Close leaves the bus.
func (r *Redis) Close() error {
	r.stop()
	err := r.client.Close()
	r.finished.Wait()
	return err
}

// outbox is what waits to be told to the others: while Redis is slow, several commits share one message.
type outbox = listener

func newOutbox() *outbox { return newListener() }

func (r *Redis) send(ctx context.Context) {
	defer r.finished.Done()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.out.wake:
			r.tell(ctx, r.out.take())
		}
	}
}

func (r *Redis) tell(ctx context.Context, evs []Event) {
	if len(evs) == 0 {
		return
	}
	body, err := json.Marshal(wire{r.node, evs})
	if err == nil {
		err = r.client.Publish(ctx, r.topic, body).Err()
	}
	if err != nil && ctx.Err() == nil && r.healthy.Swap(false) {
		r.log.Warn("Redis lost: other nodes find events from the database", "error", err)
	}
}

// receive listens for ever; after every loss it subscribes anew. What was published meanwhile is found from the database.
func (r *Redis) receive(ctx context.Context, joined chan struct{}) {
	defer r.finished.Done()
	var once sync.Once
	for ctx.Err() == nil {
		err := r.listen(ctx, func() {
			r.healthy.Store(true)
			once.Do(func() { close(joined) })
		})
		r.healthy.Store(false)
		if ctx.Err() == nil {
			r.log.Warn("Redis subscription lost", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (r *Redis) listen(ctx context.Context, up func()) error {
	sub := r.client.Subscribe(ctx, r.topic)
	defer sub.Close()
	for {
		// A message every now and then proves that the connection lives; a silent one is asked.
		msg, err := sub.ReceiveTimeout(ctx, 3*time.Second)
		if isTimeout(err) {
			if err := sub.Ping(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		up()
		if m, ok := msg.(*redis.Message); ok {
			r.hear(m.Payload)
		}
	}
}

func (r *Redis) hear(payload string) {
	var w wire
	if err := json.Unmarshal([]byte(payload), &w); err != nil {
		r.log.Warn("unreadable event from Redis", "error", err)
		return
	}
	if w.Node != r.node {
		r.local.Publish(w.Events...)
	}
}

func isTimeout(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}
