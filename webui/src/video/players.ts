// Which way a stream gets onto its canvas: WebCodecs; Media Source Extensions where the page has none (plain http from another
// machine is no secure context); else the tile says that it cannot.
import { MsePlayer } from './mse'
import { Player, type VideoPlayer } from './player'

export function playerFor(canvas: HTMLCanvasElement, serverNow: () => number, mark?: () => string, mostWaiting?: number): VideoPlayer {
  if (typeof VideoDecoder === 'undefined' && typeof MediaSource !== 'undefined') return new MsePlayer(canvas, serverNow, mark)
  return new Player(canvas, serverNow, mark, mostWaiting)
}
