package objects

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/minio/minio-go/v7"
)

// What a caller can tell apart. Anything else is the caller's own error, as it came.
var (
	ErrNotFound    = errors.New("not in the object store")
	ErrExists      = errors.New("already in the object store")
	ErrUnavailable = errors.New("the object store does not answer; try again later")
	ErrFull        = errors.New("the object store is full")
	ErrRefused     = errors.New("the object store refuses our keys")
	ErrDamaged     = errors.New("what arrived at the object store is not what was announced")
	ErrRange       = errors.New("beyond the end of the object")
)

// errSlow is the cause of a deadline of ours, which a deadline of the caller's is not.
var errSlow = errors.New("too slow")

// said puts an error of the client into our words.
func (b *Bucket) said(ctx context.Context, doing, key string, err error) error {
	if err == nil {
		return nil
	}
	where := b.cfg.Bucket
	if key != "" {
		where += "/" + b.cfg.Prefix + key
	}
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errSlow) {
		return fmt.Errorf("%s %s: %w", doing, where, ctx.Err())
	}
	return fmt.Errorf("%s %s: %w (%w)", doing, where, kind(err), err)
}

var kinds = []struct {
	kind   error
	codes  []string
	status []int
}{
	// By code first: the same status says different things.
	{ErrFull, []string{"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "XMinioAdminBucketQuotaExceeded"}, []int{507}},
	{ErrDamaged, []string{
		"BadDigest", "InvalidDigest", "IncompleteBody", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "InvalidRequest",
	}, nil},
	{ErrUnavailable, []string{"RequestTimeout", "ConditionalRequestConflict", "OperationAborted"}, []int{408, 429}},
	{ErrExists, []string{"PreconditionFailed"}, []int{412}},
	{ErrRange, []string{"InvalidRange"}, []int{416}},
	{ErrNotFound, []string{"NoSuchKey", "NoSuchBucket", "NotFound"}, []int{404}},
	{ErrRefused, []string{"AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId", "XAdminUserNotFound"}, []int{401, 403}},
}

// kind sorts an error: an answer by what it says, silence and everything the store cannot help as unavailable.
func kind(err error) error {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return ErrUnavailable
	}
	for _, k := range kinds {
		if slices.Contains(k.codes, answer.Code) {
			return k.kind
		}
	}
	for _, k := range kinds {
		if slices.Contains(k.status, answer.StatusCode) {
			return k.kind
		}
	}
	if answer.StatusCode >= 500 || answer.StatusCode == 0 {
		return ErrUnavailable
	}
	return ErrUnexpected
}

// ErrUnexpected is an answer that repeating does not change: a request the store does not understand.
var ErrUnexpected = errors.New("the object store answers something unexpected")
