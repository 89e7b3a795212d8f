package documents

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	// pixelCap is the largest picture that is decoded: above what a phone takes, far below what exhausts a small machine.
	pixelCap      = 50_000_000
	thumbnailSide = 480
)

var errImage = &Refused{refusedImage}

// picture is what is known of an image once it was decoded whole.
type picture struct {
	width, height int
	thumbnail     []byte
}

// dimensions reads the announced size, before any pixel: what would not fit is never decoded. weight counts deep pixels twice.
func dimensions(f inspected, mediaType string) (cfg image.Config, weight int64, err error) {
	cfg, err = decoders[mediaType].config(f.all())
	if err != nil {
		return cfg, 0, broken(err)
	}
	weight = int64(cfg.Width) * int64(cfg.Height)
	switch cfg.ColorModel {
	case color.NRGBA64Model, color.RGBA64Model:
		weight *= 2
	}
	if cfg.Width < 1 || cfg.Height < 1 || weight > pixelCap {
		return cfg, 0, errImage
	}
	return cfg, weight, nil
}

var decoders = map[string]struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	jpegType: {jpeg.DecodeConfig, jpeg.Decode},
	pngType:  {png.DecodeConfig, png.Decode},
	webpType: {webp.DecodeConfig, webp.Decode},
}

func broken(err error) error {
	var fault *storeFault
	if errors.As(err, &fault) {
		return err
	}
	return errImage
}

// decode reads every pixel (a picture cut short has too few) and makes the thumbnail.
func decode(f inspected, mediaType string) (picture, error) {
	full, err := decoders[mediaType].decode(bufio.NewReaderSize(f.all(), 64<<10))
	if err != nil {
		return picture{}, broken(err)
	}
	turn, err := orientation(f, mediaType)
	if err != nil {
		return picture{}, err
	}
	small := turned(shrunk(full), turn)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: 78}); err != nil {
		return picture{}, err
	}
	size := full.Bounds().Size()
	if turn >= 5 {
		size.X, size.Y = size.Y, size.X
	}
	return picture{size.X, size.Y, out.Bytes()}, nil
}

// shrunk fits a picture into the thumbnail, on white where it is transparent.
func shrunk(full image.Image) *image.RGBA {
	from := full.Bounds()
	w, h := from.Dx(), from.Dy()
	if longest := max(w, h); longest > thumbnailSide {
		w, h = max(1, w*thumbnailSide/longest), max(1, h*thumbnailSide/longest)
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(to, to.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(to, to.Bounds(), full, from, draw.Over, nil)
	return to
}

// turned shows upright what the camera held otherwise (EXIF orientations 1 to 8).
func turned(from *image.RGBA, turn int) *image.RGBA {
	if turn <= 1 || turn > 8 {
		return from
	}
	w, h := from.Bounds().Dx(), from.Bounds().Dy()
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 {
		to = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := [...]func() (int, int){
				2: func() (int, int) { return w - 1 - x, y },
				3: func() (int, int) { return w - 1 - x, h - 1 - y },
				4: func() (int, int) { return x, h - 1 - y },
				5: func() (int, int) { return y, x },
				6: func() (int, int) { return h - 1 - y, x },
				7: func() (int, int) { return h - 1 - y, w - 1 - x },
				8: func() (int, int) { return y, w - 1 - x },
			}[turn]()
			to.SetRGBA(tx, ty, from.RGBAAt(x, y))
		}
	}
	return to
}

// checkJPEG walks the segments up to the end of the picture: nothing follows it.
func checkJPEG(f inspected) error {
	r := bufio.NewReaderSize(f.all(), 64<<10)
	if _, err := r.Discard(2); err != nil {
		return broken(err)
	}
	for {
		marker, err := nextMarker(r)
		if err != nil {
			return broken(err)
		}
		switch {
		case marker == 0xd9:
			if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
				return errType
			}
			return nil
		case marker >= 0xd0 && marker <= 0xd7 || marker == 0x01:
			continue
		}
		var length [2]byte
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return broken(err)
		}
		if _, err := r.Discard(max(0, int(binary.BigEndian.Uint16(length[:]))-2)); err != nil {
			return broken(err)
		}
	}
}

// nextMarker passes over the coded picture, where FF is followed by 00 or a restart, to what begins next.
func nextMarker(r *bufio.Reader) (byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != 0xff {
			continue
		}
		for b == 0xff {
			if b, err = r.ReadByte(); err != nil {
				return 0, err
			}
		}
		if b != 0 {
			return b, nil
		}
	}
}

// checkPNG walks the chunks up to the last: nothing follows it, and every sum is right.
func checkPNG(f inspected) error {
	for at := int64(8); ; {
		head, err := f.part(at, 8)
		if err != nil {
			return broken(err)
		}
		length := int64(binary.BigEndian.Uint32(head))
		end := at + 12 + length
		if end > f.size {
			return errImage
		}
		if string(head[4:]) == "IEND" {
			if end != f.size {
				return errType
			}
			return nil
		}
		if err := f.checkSum(at+4, length+4); err != nil {
			return err
		}
		at = end
	}
}

func (f inspected) checkSum(from, length int64) error {
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, io.NewSectionReader(f, from, length)); err != nil {
		return broken(err)
	}
	want, err := f.part(from+length, 4)
	if err != nil {
		return broken(err)
	}
	if binary.BigEndian.Uint32(want) != sum.Sum32() {
		return errImage
	}
	return nil
}

// checkWebP wants the file as long as its own head says.
func checkWebP(f inspected) error {
	head, err := f.head(8)
	if err != nil {
		return err
	}
	switch end := int64(binary.LittleEndian.Uint32(head[4:])) + 8; {
	case end > f.size:
		return errImage
	case end+end%2 != f.size && end != f.size:
		return errType
	}
	return nil
}
