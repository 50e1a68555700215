// Symbols of things that move, as SVG paths in a cell of 96 with its middle at 0,0 and north up. The map paints them
// into one picture, white on transparent, tinted by the layer; parts/ThingIcon.vue draws the same paths in HTML.
// Each is there filled, and as a dashed outline for what stands at its last position.
const CELL = 96

export const SHAPES = ['helicopter', 'airplane', 'uav', 'other_aircraft', 'vehicle', 'team', 'vessel', 'obstacle', 'civil', 'unknown'] as const
export type Shape = (typeof SHAPES)[number]
export type IconName = `${Shape}` | `${Shape}-outline` | 'doubt'

export interface Symbol {
  /** Filled, or outlined. */
  body: string
  /** Always a line. */
  lines?: string
  /** Turned to its course; what has no nose stands upright. */
  turns: boolean
}

const ring = (x: number, y: number, r: number): string => `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`

export const SYMBOLS: Record<Shape, Symbol> = {
  helicopter: {
    body: 'M0,-25C6,-25 9,-17 9,-8C9,2 5,9 2.5,9L2.5,30H9V34H-9V30H-2.5V9C-5,9 -9,2 -9,-8C-9,-17 -6,-25 0,-25Z',
    lines: 'M-27,-34L27,20M27,-34L-27,20',
    turns: true,
  },
  airplane: {
    body: 'M0,-36Q5,-28 5,-14L38,0V8L5,4L4,24L14,31V36L0,33L-14,36V31L-4,24L-5,4L-38,8V0L-5,-14Q-5,-28 0,-36Z',
    turns: true,
  },
  uav: {
    body: `M0,-34L8,-14H9V13H-9V-14H-8Z`,
    lines: `M-24,-20L24,22M24,-20L-24,22${ring(-25, -21, 11)}${ring(25, -21, 11)}${ring(-25, 23, 11)}${ring(25, 23, 11)}`,
    turns: true,
  },
  other_aircraft: {
    body: 'M0,-32Q4,-22 3,-8L45,-3V3L3,5L2,25L13,29V34H-13V29L-2,25L-3,5L-45,3V-3L-3,-8Q-4,-22 0,-32Z',
    turns: true,
  },
  vehicle: {
    body: `M-36,-20H8V14H-36ZM12,-8H26L36,3V14H12Z${ring(-20, 20, 7)}${ring(20, 20, 7)}`,
    turns: false,
  },
  team: {
    body: `${ring(0, -20, 11)}M-22,32C-22,8 -12,-5 0,-5C12,-5 22,8 22,32Z`,
    turns: false,
  },
  vessel: {
    body: 'M0,-38C11,-26 14,-10 14,6V32H-14V6C-14,-10 -11,-26 0,-38ZM-6,4H6V22H-6Z',
    turns: true,
  },
  obstacle: {
    body: 'M0,-38L7,28H18V36H-18V28H-7Z',
    turns: false,
  },
  civil: {
    body: 'M0,-30L20,24L0,14L-20,24Z',
    turns: true,
  },
  unknown: {
    body: ring(0, 0, 16),
    turns: false,
  },
}

const NAMES: IconName[] = [...SHAPES.flatMap((shape) => [shape, `${shape}-outline`] as IconName[]), 'doubt']

function paint(c: CanvasRenderingContext2D, name: IconName): void {
  c.strokeStyle = c.fillStyle = '#fff'
  c.lineJoin = c.lineCap = 'round'
  if (name === 'doubt') {
    // A question mark in a ring, small and up to the right of the thing it is about.
    c.font = 'bold 30px sans-serif'
    c.textAlign = 'center'
    c.textBaseline = 'middle'
    c.fillText('?', 30, -28)
    c.lineWidth = 3
    c.stroke(new Path2D(ring(30, -30, 16)))
    return
  }
  const outline = name.endsWith('-outline')
  const { body, lines } = SYMBOLS[name.replace('-outline', '') as Shape]
  if (outline) {
    c.lineWidth = 4
    c.setLineDash([6, 5])
    c.stroke(new Path2D(body))
    c.setLineDash([])
  } else {
    c.fill(new Path2D(body), 'evenodd')
    if (lines) {
      c.lineWidth = 3.5
      c.stroke(new Path2D(lines))
    }
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

const COLUMNS = 8

export async function drawAtlas(): Promise<Atlas> {
  const canvas = document.createElement('canvas')
  canvas.width = CELL * COLUMNS
  canvas.height = CELL * Math.ceil(NAMES.length / COLUMNS)
  const c = canvas.getContext('2d')!
  const mapping = {} as Record<IconName, IconEntry>
  NAMES.forEach((name, i) => {
    const x = (i % COLUMNS) * CELL
    const y = Math.floor(i / COLUMNS) * CELL
    c.setTransform(1, 0, 0, 1, x + CELL / 2, y + CELL / 2)
    paint(c, name)
    mapping[name] = { x, y, width: CELL, height: CELL, mask: true }
  })
  return { image: await createImageBitmap(canvas), mapping }
}
