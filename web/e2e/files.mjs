// Files as people have them: a photo as a phone writes it (turned, with its place), a PDF.

/** A JPEG of a pill box, heavy enough to travel in several pieces, with EXIF: to be turned, and where it was taken. */
export async function photo(page, label, size) {
  return withExif(await picture(page, label, size));
}

/** The same without what a phone adds: as the server takes it. */
export async function picture(page, label, { width = 1600, height = 1200, noise = 60 } = {}) {
  const drawn = await page.evaluate(async ([text, w, h, grain]) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: w, height: h });
    const context = canvas.getContext('2d');
    context.fillStyle = '#c9b8a2';
    context.fillRect(0, 0, w, h);
    const unit = w / 16;
    for (let i = 0; i < 28; i++) {
      const [x, y] = [unit * (1 + (i % 7) * 2), unit * (3 + Math.floor(i / 7) * 2)];
      context.fillStyle = i % 5 ? '#f4f1ea' : '#7d9bb8';
      context.fillRect(x, y, unit * 1.7, unit * 1.6);
      context.fillStyle = '#b0402f';
      if (i % 3 === 0) context.fillRect(x + unit * 0.6, y + unit * 0.6, unit * 0.5, unit * 0.4);
    }
    context.fillStyle = '#26221c';
    context.font = `700 ${Math.round(unit)}px sans-serif`;
    context.fillText(text, unit, unit * 2);
    const image = context.getImageData(0, 0, w, h);
    for (let i = 0, seed = text.length; i < image.data.length; i += 4) {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      const by = ((seed >> 16) % grain) - grain / 2;
      for (const channel of [0, 1, 2]) image.data[i + channel] += by;
    }
    context.putImageData(image, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.9));
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  }, [label, width, height, noise]);
  return Buffer.from(drawn);
}

export const PLACE = 'Brevigny 48.1234 N';

/** Orientation 6 (a quarter turn to the right) and a GPS area with a text one can look for. */
function withExif(jpeg) {
  const place = Buffer.from(`${PLACE}\0`, 'latin1');
  const head = Buffer.from('MM\0*\0\0\0\x08', 'latin1');
  const first = directory([[0x0112, 3, 1, 6 * 65536], [0x8825, 4, 1, 38]]);
  const gps = directory([[0x001c, 2, place.length, 56]]);
  const tiff = Buffer.concat([head, first, gps, place]);
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(exif.length + 2);
  return Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, exif, jpeg.subarray(2)]);
}

function directory(entries) {
  const out = Buffer.alloc(2 + entries.length * 12 + 4);
  out.writeUInt16BE(entries.length, 0);
  entries.forEach(([tag, type, count, value], i) => {
    out.writeUInt16BE(tag, 2 + i * 12);
    out.writeUInt16BE(type, 4 + i * 12);
    out.writeUInt32BE(count, 6 + i * 12);
    out.writeUInt32BE(value, 10 + i * 12);
  });
  return out;
}

/** One page, one line of text. */
export function pdf(text) {
  const stream = `BT /F1 18 Tf 72 720 Td (${text.replace(/[()\\]/g, '')}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let body = '%PDF-1.4\n';
  const at = objects.map((object, i) => {
    const offset = body.length;
    body += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = body.length;
  const rows = at.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  body += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(body, 'latin1');
}
