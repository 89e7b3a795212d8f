package documents

import (
	"bytes"
	"encoding/binary"
)

// metadataMost is how much of a picture is looked through for what its camera wrote; it stands before the pixels.
const metadataMost = 1 << 20

const (
	orientationTag = 0x0112
	gpsTag         = 0x8825
)

// checkLocation refuses a picture that says where it was taken. The phone removes that before sending; the server keeps what
// was signed by its sum or takes nothing, and never changes it.
func checkLocation(f inspected, mediaType string) error {
	head, err := f.head(metadataMost)
	if err != nil {
		return err
	}
	tail, err := f.tail(metadataMost) // PNG and WebP may write it last
	if err != nil {
		return err
	}
	for _, part := range [][]byte{head, tail} {
		if bytes.Contains(part, []byte("GPSLatitude")) || bytes.Contains(part, []byte("GPSLongitude")) {
			return &Refused{refusedLocation}
		}
		for _, block := range exifBlocks(part, mediaType) {
			if _, has := block.find(gpsTag); has {
				return &Refused{refusedLocation}
			}
		}
	}
	return nil
}

// orientation is how the camera was held; 1 when nothing says so.
func orientation(f inspected, mediaType string) (int, error) {
	head, err := f.head(metadataMost)
	if err != nil {
		return 1, err
	}
	for _, block := range exifBlocks(head, mediaType) {
		if value, has := block.find(orientationTag); has && value >= 1 && value <= 8 {
			return int(value), nil
		}
	}
	return 1, nil
}

// tiff is a block of EXIF, from its byte order on.
type tiff struct {
	data  []byte
	order binary.ByteOrder
}

// exifBlocks finds the blocks by their beginning, wherever a format puts them. What only looks like one has no such tags.
func exifBlocks(data []byte, mediaType string) (blocks []tiff) {
	before := map[string][]byte{jpegType: []byte("Exif\x00\x00"), pngType: []byte("eXIf"), webpType: []byte("EXIF")}[mediaType]
	if before == nil {
		return nil
	}
	for {
		at := bytes.Index(data, before)
		if at < 0 {
			return blocks
		}
		data = data[at+len(before):]
		body := data
		if mediaType == webpType && len(body) > 4 {
			body = bytes.TrimPrefix(body[4:], []byte("Exif\x00\x00")) // after its length
		}
		if block, ok := tiffOf(body); ok {
			blocks = append(blocks, block)
		}
	}
}

func tiffOf(body []byte) (tiff, bool) {
	switch {
	case bytes.HasPrefix(body, []byte("II*\x00")):
		return tiff{body, binary.LittleEndian}, true
	case bytes.HasPrefix(body, []byte("MM\x00*")):
		return tiff{body, binary.BigEndian}, true
	}
	return tiff{}, false
}

// find looks for a tag in the first directory and gives its short value.
func (t tiff) find(tag uint16) (value uint16, has bool) {
	if len(t.data) < 8 {
		return 0, false
	}
	at := int64(t.order.Uint32(t.data[4:]))
	if at < 8 || at+2 > int64(len(t.data)) {
		return 0, false
	}
	count := int64(t.order.Uint16(t.data[at:]))
	for i := range count {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(t.data)) {
			return 0, false
		}
		if t.order.Uint16(t.data[entry:]) == tag {
			return t.order.Uint16(t.data[entry+8:]), true
		}
	}
	return 0, false
}
