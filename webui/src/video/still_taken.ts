// The frame on a tile's canvas, taken as it is shown: small enough for a thin line, with who took it burnt in.
import { serverNow } from '../state/clock'
import { clockTime, dateShort } from '../state/format'
import { session } from '../state/session'
import type { StillTaken } from '../state/uplinks'
import { site } from '../state/world'
import { burn } from './watermark'

const WIDTH = 1280

export const whoWatches = (): string => `${session.value?.display_name ?? ''} ${session.value?.account ?? ''} · ${site.value?.name ?? ''} · ${dateShort(serverNow())} ${clockTime(serverNow())}`

/** `mark`: not burnt into the canvas yet. */
export function takeStill(from: HTMLCanvasElement, of: Omit<StillTaken, 'canvas'>, mark: boolean): StillTaken {
  const scale = Math.min(1, WIDTH / from.width)
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(from.width * scale)
  canvas.height = Math.round(from.height * scale)
  const context = canvas.getContext('2d')
  context?.drawImage(from, 0, 0, canvas.width, canvas.height)
  if (mark && context) burn(context, whoWatches())
  return { canvas, ...of }
}
