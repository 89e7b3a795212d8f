// A photo made anew: upright, at most 2560 px, JPEG, with nothing left of where and with what it was taken.
// No DOM, so that it runs in a worker.

import { fitWithin } from '../model/documents';

const MOST_PX = 2560;
const QUALITY = 0.85;

export interface Photo {
  blob: Blob;
  width: number;
  height: number;
}

/** Throws when this browser cannot read the file. */
export async function remake(file: Blob): Promise<Photo> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const { width, height } = fitWithin(bitmap.width, bitmap.height, MOST_PX);
  try {
    const canvas = new OffscreenCanvas(width, height);
    draw(canvas, bitmap);
    return { blob: await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY }), width, height };
  } finally {
    bitmap.close();
  }
}

function draw(canvas: OffscreenCanvas, bitmap: ImageBitmap): void {
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) throw new Error('no canvas');
  // What a drawing leaves transparent would be black in a JPEG.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
}
