// Who watches, where and when, drawn into the picture itself: a photograph of the screen tells who took it. Drawn anew with each
// frame, so the time is that of the last one.
const ROWS = 4
const TILT = -Math.PI / 12
const FILL = 'rgba(255, 255, 255, 0.42)'
const EDGE = 'rgba(0, 0, 0, 0.3)'

export function burn(context: CanvasRenderingContext2D, mark: string): void {
  const { width, height } = context.canvas
  const size = Math.max(9, Math.round(Math.min(width / 30, height / 14)))
  context.save()
  context.font = `${size}px "Noto Sans SC", "Noto Sans CJK SC", sans-serif`
  context.textBaseline = 'middle'
  context.lineWidth = Math.max(1, size / 14)
  context.strokeStyle = EDGE
  context.fillStyle = FILL
  const step = context.measureText(mark).width + size * 3
  for (let row = 0; row < ROWS; row++) {
    context.setTransform(Math.cos(TILT), Math.sin(TILT), -Math.sin(TILT), Math.cos(TILT), 0, (height * (row + 0.75)) / (ROWS - 0.5))
    for (let x = -((row * step) / 2) % step; x < width * 1.2; x += step) {
      context.strokeText(mark, x, 0)
      context.fillText(mark, x, 0)
    }
  }
  context.restore()
}
