/**
 * A picture made small on the phone: at most 200 kB of JPEG, upright, and without what the camera wrote into it (place,
 * time, device): only pixels go through a canvas.
 */

import type { ShrunkPhoto } from '../face'

export const MAX_BYTES = 200_000

/** The longer side in pixels and the JPEG quality, tried in this order until the result is small enough. */
export const STEPS: readonly (readonly [side: number, quality: number])[] = [
  [1600, 0.8],
  [1600, 0.65],
  [1280, 0.7],
  [1280, 0.55],
  [1024, 0.6],
  [800, 0.55],
  [640, 0.5],
  [480, 0.4],
]

export interface Size {
  readonly width: number
  readonly height: number
}

/** A decoded picture that can be encoded at a size; what a browser's canvas does, and a test without one. */
export interface Picture extends Size {
  encode(size: Size, quality: number): Promise<Blob>
}

export async function shrink(blob: Blob): Promise<Omit<ShrunkPhoto, 'id'>> {
  const picture = await decode(blob)
  try {
    return await fit(picture)
  } finally {
    picture.close()
  }
}

/** @throws RangeError where even the smallest step is too big (noise made to be). */
export async function fit(picture: Picture): Promise<Omit<ShrunkPhoto, 'id'>> {
  for (const [side, quality] of STEPS) {
    const size = within(picture, side)
    const encoded = await picture.encode(size, quality)
    if (encoded.size <= MAX_BYTES) return { ...size, data: new Uint8Array(await encoded.arrayBuffer()) }
  }
  throw new RangeError('the picture cannot be made small enough')
}

export function within({ width, height }: Size, side: number): Size {
  const scale = Math.min(1, side / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

async function decode(blob: Blob): Promise<Picture & { close(): void }> {
  const bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image' })
  return {
    width: bitmap.width,
    height: bitmap.height,
    encode: (size, quality) => encode(bitmap, size, quality),
    close: () => {
      bitmap.close()
    },
  }
}

async function encode(bitmap: ImageBitmap, { width, height }: Size, quality: number): Promise<Blob> {
  if (typeof OffscreenCanvas === 'function') {
    const canvas = new OffscreenCanvas(width, height)
    draw(canvas.getContext('2d'), bitmap, width, height)
    return canvas.convertToBlob({ type: 'image/jpeg', quality })
  }
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  draw(canvas.getContext('2d'), bitmap, width, height)
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => {
        if (blob) resolve(blob)
        else reject(new Error('the picture cannot be encoded'))
      },
      'image/jpeg',
      quality,
    )
  })
}

function draw(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null,
  bitmap: ImageBitmap,
  width: number,
  height: number,
): void {
  if (!context) throw new Error('no canvas')
  // JPEG has no transparency: what is clear becomes white, not black.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width, height)
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, width, height)
}
