package bench

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"liaison/storage/embedded"
	"liaison/storage/objects"
)

// Files is a long document there and back through the server, beside the same bytes put bare into its object store.
type Files struct {
	MiB      int     `json:"mib"`
	Up       float64 `json:"up_mib_s"`
	BareUp   float64 `json:"bare_up_mib_s"`
	Down     float64 `json:"down_mib_s"`
	BareDown float64 `json:"bare_down_mib_s"`
	BaseMiB  float64 `json:"server_resident_before_mib"`
	PeakMiB  float64 `json:"server_resident_peak_mib"`
	// What is resident at most in each quarter of the way, in any round: memory that grew with the length would show.
	UpMiB   [quarters]float64 `json:"up_resident_mib"`
	DownMiB [quarters]float64 `json:"down_resident_mib"`
}

const quarters = 4

const fileMiB = 200

// files measures in pairs, the bare store after the server, so that a busy moment of the machine weighs on both.
func (r *run) files(ctx context.Context) error {
	r.say("a document of %d MiB there and back", fileMiB)
	gateway, err := embedded.S3(ctx, embedded.Options{DataDir: r.ground.dir, Log: quietLog})
	if err != nil {
		return err
	}
	defer func() { _ = gateway.Stop(context.WithoutCancel(ctx)) }()
	r.ground.store = objects.Config{
		Endpoint: gateway.Endpoint(), AccessKey: gateway.AccessKey, SecretKey: gateway.SecretKey, Files: gateway.Files(), Bucket: "bench",
	}
	defer func() { r.ground.store = objects.Config{} }()
	s, err := r.serve(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	return r.transfer(ctx, s)
}

func (r *run) transfer(ctx context.Context, s *server) error {
	f := Files{MiB: fileMiB}
	base, err := residentOf(s.pid())
	if err != nil {
		return err
	}
	f.BaseMiB = mib(base)
	bucket, err := objects.Open(r.ground.store)
	if err != nil {
		return err
	}
	content := pdf()
	var up, bareUp, down, bareDown []float64
	for i := range r.Rounds {
		var id string
		steps := []struct {
			into *[]float64
			held *[quarters]float64
			do   func() error
		}{
			{&up, &f.UpMiB, func() (err error) { id, err = r.sendFile(ctx, s, content); return err }},
			{&bareUp, nil, func() error { return putBare(ctx, bucket, fmt.Sprint("bare-", i), content) }},
			{&down, &f.DownMiB, func() error { return r.readFile(ctx, s, id) }},
			{&bareDown, nil, func() error { return getBare(ctx, bucket, fmt.Sprint("bare-", i)) }},
		}
		for _, step := range steps {
			stop := watchMemory(s.pid())
			began := time.Now()
			if err := step.do(); err != nil {
				return err
			}
			*step.into = append(*step.into, fileMiB/time.Since(began).Seconds())
			if samples := stop(); step.held != nil {
				highest(step.held, samples)
			}
		}
	}
	f.Up, f.BareUp = spreadOf(up).Median, spreadOf(bareUp).Median
	f.Down, f.BareDown = spreadOf(down).Median, spreadOf(bareDown).Median
	peak, err := highestOf(s.pid())
	f.PeakMiB = mib(peak)
	r.report.Files = f
	return err
}

// watchMemory looks every few milliseconds how much of a process is resident, until stop.
func watchMemory(pid int) (stop func() []float64) {
	ending, ended := make(chan struct{}), make(chan []float64)
	go func() {
		var samples []float64
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if bytes, err := residentOf(pid); err == nil {
					samples = append(samples, mib(bytes))
				}
			case <-ending:
				ended <- samples
				return
			}
		}
	}()
	return func() []float64 {
		close(ending)
		return <-ended
	}
}

// highest raises what was highest in each quarter.
func highest(held *[quarters]float64, samples []float64) {
	for i, sample := range samples {
		q := i * quarters / len(samples)
		held[q] = max(held[q], sample)
	}
}

// pdf is what a long document is: nothing in it packs.
func pdf() []byte {
	out := make([]byte, fileMiB<<20)
	_, _ = rand.Read(out)
	copy(out, "%PDF-1.7\n")
	copy(out[len(out)-7:], "\n%%EOF\n")
	return out
}

func (r *run) sendFile(ctx context.Context, s *server, content []byte) (string, error) {
	sum := sha256.Sum256(content)
	id := newID().String()
	t := r.world.teams[0]
	announced, err := json.Marshal(map[string]any{
		"id": id, "team_id": t.id, "name": "dossier.pdf", "size": len(content), "sha256": hex.EncodeToString(sum[:]),
	})
	if err != nil {
		return "", err
	}
	if err := r.ask(ctx, s, "POST", "/documents", http.Header{"Content-Type": {"application/json"}}, announced, http.StatusCreated); err != nil {
		return "", err
	}
	where := http.Header{"Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {"0"}}
	return id, r.ask(ctx, s, "PATCH", "/documents/"+id+"/content", where, content, http.StatusNoContent)
}

func (r *run) readFile(ctx context.Context, s *server, id string) error {
	return r.ask(ctx, s, "GET", "/documents/"+id+"/content", http.Header{}, nil, http.StatusOK)
}

// ask sends as a member of the first team, and reads the answer to its end.
func (r *run) ask(ctx context.Context, s *server, method, path string, header http.Header, body []byte, want int) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.address+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header
	req.Header.Set("Authorization", "Bearer "+r.world.teams[0].members[1].token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != want {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		return fmt.Errorf("%s a document: %s: %s", method, resp.Status, said)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// putBare puts the same bytes as one object, kept as durably.
func putBare(ctx context.Context, b *objects.Bucket, key string, content []byte) error {
	sum := sha256.Sum256(content)
	return b.Put(ctx, key, bytes.NewReader(content), objects.Put{Size: int64(len(content)), SHA256: sum[:]})
}

func getBare(ctx context.Context, b *objects.Bucket, key string) error {
	body, err := b.Get(ctx, key, 0, objects.All)
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	return err
}

func (r *Report) printFiles(p printer) {
	f := r.Files
	if f.MiB == 0 {
		return
	}
	p("\nA document of %d MiB: up %.0f MiB/s, %.2f of the bare object store's %.0f; down %.0f MiB/s, %.2f of %.0f", f.MiB,
		f.Up, ratio(f.Up, f.BareUp), f.BareUp, f.Down, ratio(f.Down, f.BareDown), f.BareDown)
	p("Server: %.0f MiB resident before, %.0f MiB at most; in each quarter of the way up at most %.0f MiB, down %.0f", f.BaseMiB, f.PeakMiB, f.UpMiB, f.DownMiB)
}
