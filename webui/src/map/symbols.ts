// Aircraft silhouettes as one picture: helicopter, fixed wing, other traffic; each filled and as an outline for stale.
// Drawn white on transparent and tinted by the layer. North is up.
const CELL = 96

export type Shape = 'helicopter' | 'fixed_wing' | 'civil'
export type IconName = `${Shape}` | `${Shape}-outline`

const SHAPES: Shape[] = ['helicopter', 'fixed_wing', 'civil']
const NAMES: IconName[] = SHAPES.flatMap((shape) => [shape, `${shape}-outline`] as IconName[])

function helicopter(c: CanvasRenderingContext2D): void {
  c.ellipse(0, -8, 9, 17, 0, 0, 2 * Math.PI)
  c.rect(-2.5, 6, 5, 28)
  c.rect(-9, 30, 18, 4)
}

function rotor(c: CanvasRenderingContext2D): void {
  c.lineWidth = 3.5
  c.beginPath()
  c.moveTo(-27, -34)
  c.lineTo(27, 20)
  c.moveTo(27, -34)
  c.lineTo(-27, 20)
  c.stroke()
}

function fixedWing(c: CanvasRenderingContext2D): void {
  c.moveTo(0, -36)
  c.quadraticCurveTo(5, -28, 5, -14)
  c.lineTo(38, 0)
  c.lineTo(38, 8)
  c.lineTo(5, 4)
  c.lineTo(4, 24)
  c.lineTo(14, 31)
  c.lineTo(14, 36)
  c.lineTo(0, 33)
  c.lineTo(-14, 36)
  c.lineTo(-14, 31)
  c.lineTo(-4, 24)
  c.lineTo(-5, 4)
  c.lineTo(-38, 8)
  c.lineTo(-38, 0)
  c.lineTo(-5, -14)
  c.quadraticCurveTo(-5, -28, 0, -36)
  c.closePath()
}

function civil(c: CanvasRenderingContext2D): void {
  c.moveTo(0, -30)
  c.lineTo(20, 24)
  c.lineTo(0, 14)
  c.lineTo(-20, 24)
  c.closePath()
}

const DRAW: Record<Shape, (c: CanvasRenderingContext2D) => void> = { helicopter, fixed_wing: fixedWing, civil }

function paint(c: CanvasRenderingContext2D, shape: Shape, outline: boolean): void {
  c.strokeStyle = c.fillStyle = '#fff'
  c.lineJoin = 'round'
  c.beginPath()
  DRAW[shape](c)
  if (outline) {
    c.lineWidth = 4
    c.setLineDash([6, 5])
    c.stroke()
    c.setLineDash([])
  } else {
    c.fill()
    if (shape === 'helicopter') rotor(c)
  }
}

export interface IconEntry {
  x: number
  y: number
  width: number
  height: number
  mask: boolean
}

export interface Atlas {
  image: ImageBitmap
  mapping: Record<IconName, IconEntry>
}

export async function drawAtlas(): Promise<Atlas> {
  const canvas = document.createElement('canvas')
  canvas.width = CELL * NAMES.length
  canvas.height = CELL
  const c = canvas.getContext('2d')!
  const mapping = {} as Record<IconName, IconEntry>
  NAMES.forEach((name, i) => {
    c.setTransform(1, 0, 0, 1, i * CELL + CELL / 2, CELL / 2)
    paint(c, name.split('-')[0] as Shape, name.endsWith('-outline'))
    mapping[name] = { x: i * CELL, y: 0, width: CELL, height: CELL, mask: true }
  })
  return { image: await createImageBitmap(canvas), mapping }
}
