"""What stands on the ground: the incident, marks, bases, aircraft, and the bars that say what, where, when and how old."""

import math
from typing import Any

from PIL import Image, ImageDraw

from adapters.rooms.map_picture.scene import Aircraft, Mark, Place, Scene
from adapters.rooms.map_picture.view import (
    ALARM,
    BAR,
    DIM_ON_BAR,
    DRILL,
    FAINT,
    FOOT,
    HEAD,
    HEIGHT,
    HUES,
    INK,
    ON_BAR,
    OURS,
    PAPER,
    SIDE,
    WIDTH,
    View,
    font,
)

FINE = 4  # small signs are drawn so many times larger, then made smaller
SIGNS = {
    "fire_point": "火",
    "danger": "危",
    "command_post": "指",
    "assembly_point": "集",
    "rescue_team": "队",
    "water_source": "水",
    "landing_point": "降",
    "medical_point": "医",
    "shelter": "避",
    "road_block": "断",
}
CREDIT = "底图：天地图（审图号 待批） · 水系 Natural Earth · 地名 GeoNames · 无道路数据"
STATES = {"live": "", "dim": "稍旧", "stale": "陈旧", "lost": "失联"}
MOST_LISTED = 11


def marked(image: Image.Image, view: View, scene: Scene) -> None:
    """Bases and marks."""
    draw = ImageDraw.Draw(image, "RGBA")
    for base in scene.bases:
        if view.shows(base.at):
            x, y = view.at(base.at)
            draw.rectangle((x - 9, y - 9, x + 9, y + 9), fill="#ffffff", outline="#0f5132", width=3)
            draw.text((x, y), "基", font=font(14), fill="#0f5132", anchor="mm")
            _halo(draw, (x, y + 26), base.name, 20, "#0f5132", "mm")
    for mark in scene.marks:
        _mark(draw, view, mark)


def _mark(draw: Any, view: View, mark: Mark) -> None:
    colour, line = HUES[mark.hue % len(HUES)], view.line(mark.points)
    if not line:
        return
    match mark.kind:
        case "area" if len(line) > 2:
            draw.polygon(line, fill=f"{colour}38")
            draw.line([*line, line[0]], fill=colour, width=5, joint="curve")
            at = sum(x for x, _ in line) / len(line), sum(y for _, y in line) / len(line)
        case "symbol":
            _plate(draw, line[0], SIGNS.get(mark.symbol, "标"), colour)
            at = line[0][0], line[0][1] + 38
        case "text":
            at = line[0]
        case _:
            draw.line(line, fill=colour, width=6, joint="curve")
            if mark.kind == "arrow" and len(line) > 1:
                _head(draw, line[-2], line[-1], colour)
            at = line[len(line) // 2][0], line[len(line) // 2][1] - 24
    words = f"{mark.text}（{mark.whose}）" if mark.whose and mark.text else mark.text or mark.whose
    if words:
        _halo(draw, at, words, 26, colour, "mm")


def _plate(draw: Any, at: Place, sign: str, colour: str) -> None:
    x, y = at
    draw.rounded_rectangle((x - 20, y - 20, x + 20, y + 20), 5, fill=colour, outline="#ffffff", width=3)
    draw.text((x, y), sign, font=font(26), fill=PAPER, anchor="mm")


def _head(draw: Any, before: Place, end: Place, colour: str) -> None:
    turn = math.atan2(end[1] - before[1], end[0] - before[0])
    corners = [
        (end[0] + reach * math.cos(turn + by), end[1] + reach * math.sin(turn + by))
        for reach, by in ((14, 0.0), (34, 2.6), (34, -2.6))
    ]
    draw.polygon(corners, fill=colour)


def moving(image: Image.Image, view: View, scene: Scene) -> None:
    """Incident and aircraft, on top of all marks."""
    draw = ImageDraw.Draw(image, "RGBA")
    x, y = view.at(scene.centre)
    draw.ellipse((x - 46, y - 46, x + 46, y + 46), fill=f"{ALARM}22", outline=f"{ALARM}99", width=3)
    draw.ellipse((x - 24, y - 24, x + 24, y + 24), fill=ALARM, outline=PAPER, width=4)
    draw.text((x, y), scene.sign, font=font(28), fill=PAPER, anchor="mm")
    _boxed(draw, (x + 54, y - 30), scene.incident, 28, PAPER, ALARM)
    for each in reversed(scene.aircraft):  # the tasked ones stand first, and so on top
        if view.shows(each.at):
            _craft(image, view.at(each.at), each)


def _craft(image: Image.Image, at: Place, craft: Aircraft) -> None:
    colour = (OURS if craft.tasked else "#33404c") if craft.freshness in ("live", "dim") else "#8a96a3"
    size = 58 if craft.tasked else 40
    sign = Image.new("RGBA", (size * FINE, size * FINE))
    draw, r = ImageDraw.Draw(sign), size * FINE / 2
    if craft.track_deg is None:
        draw.ellipse((r * 0.6, r * 0.6, r * 1.4, r * 1.4), fill=colour, outline=PAPER, width=2 * FINE)
    else:
        turn = math.radians(craft.track_deg)
        corners = [
            (r + reach * r * math.sin(turn + by), r - reach * r * math.cos(turn + by))
            for reach, by in ((0.95, 0.0), (0.8, 2.5), (0.35, math.pi), (0.8, -2.5))
        ]
        draw.polygon(corners, fill=colour)
        draw.line([*corners, corners[0]], fill=PAPER, width=2 * FINE, joint="curve")
    sign = sign.resize((size, size), Image.Resampling.LANCZOS)
    x, y = at
    image.paste(sign, (round(x - size / 2), round(y - size / 2)), sign)
    if craft.tasked or craft.freshness == "live":
        words = craft.name + ("（模拟）" if craft.simulated else "")
        draw = ImageDraw.Draw(image)
        _halo(draw, (x + size / 2 + 4, y - 12), words, 24 if craft.tasked else 18, colour, "lm")
        if craft.tasked:
            _halo(draw, (x + size / 2 + 4, y + 16), _says(craft), 20, colour, "lm")


def _says(craft: Aircraft) -> str:
    parts = []
    if craft.altitude_m is not None:
        parts.append(f"{craft.above}{craft.altitude_m:.0f} m")
    if craft.speed_kmh is not None:
        parts.append(f"{craft.speed_kmh:.0f} km/h")
    return " ".join(parts)


def framed(image: Image.Image, view: View, scene: Scene) -> None:
    """The bars: title and time above, aircraft beside, scale and origin below."""
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, HEAD), fill=DRILL if scene.simulated else BAR)
    left = 28
    if scene.simulated:
        _boxed(draw, (left, 16), "演练", 36, DRILL, PAPER)
        left += 128
    draw.text(
        (left, HEAD / 2), _fitting(draw, scene.title, 38, 1080), font=font(38), fill=ON_BAR, anchor="lm"
    )
    draw.text((WIDTH - 28, 28), scene.at, font=font(34), fill=ON_BAR, anchor="rm")
    draw.text(
        (WIDTH - 28, 64),
        scene.site,
        font=font(22),
        fill=PAPER if scene.simulated else DIM_ON_BAR,
        anchor="rm",
    )
    draw.rectangle((0, HEIGHT - FOOT, WIDTH, HEIGHT), fill=BAR)
    draw.text((28, HEIGHT - FOOT / 2), CREDIT, font=font(20), fill=DIM_ON_BAR, anchor="lm")
    _scale(draw, view)
    _listed(draw, scene)


def _scale(draw: Any, view: View) -> None:
    km = next(each for each in (1, 2, 5, 10, 20, 50, 100) if each * view.per_km > 90)
    right, y = WIDTH - SIDE - 28, HEIGHT - FOOT - 26
    left = right - km * view.per_km
    draw.line([(left, y - 10), (left, y), (right, y), (right, y - 10)], fill=INK, width=4)
    _halo(draw, ((left + right) / 2, y - 18), f"{km} km", 22, INK, "mm")


def _listed(draw: Any, scene: Scene) -> None:
    left, top = WIDTH - SIDE, HEAD
    draw.rectangle((left, top, WIDTH, HEIGHT - FOOT), fill="#f7f9fb")
    draw.line([(left, top), (left, HEIGHT - FOOT)], fill="#b9c4ce", width=2)
    draw.text((left + 24, top + 36), "空中力量", font=font(30), fill=INK, anchor="lm")
    y = top + 78
    for craft in scene.aircraft[:MOST_LISTED]:
        old = craft.freshness in ("stale", "lost")
        name = _fitting(draw, craft.name + ("（模拟）" if craft.simulated else ""), 26, SIDE - 150)
        draw.text(
            (left + 24, y), name, font=font(26), fill=OURS if craft.tasked and not old else INK, anchor="lm"
        )
        state = "本次任务" if craft.tasked else ""
        draw.text((WIDTH - 20, y), state, font=font(20), fill=OURS, anchor="rm")
        age = f"{STATES.get(craft.freshness, '')} {craft.age_s:.0f} 秒前".strip()
        draw.text((left + 24, y + 32), _says(craft), font=font(22), fill=FAINT, anchor="lm")
        draw.text((WIDTH - 20, y + 32), age, font=font(22), fill=ALARM if old else FAINT, anchor="rm")
        y += 76
    hidden = max(0, len(scene.aircraft) - MOST_LISTED) + scene.more
    words = f"另有 {hidden} 架" if hidden else "" if scene.aircraft else "图上无航空器"
    draw.text((left + 24, y), words, font=font(22), fill=FAINT, anchor="lm")


def _fitting(draw: Any, text: str, size: int, most: float) -> str:
    while len(text) > 1 and draw.textlength(text, font=font(size)) > most:
        text = text[:-2] + "…"
    return text


def _halo(  # noqa: PLR0917  # as draw.text takes them
    draw: Any, at: Place, text: str, size: int, colour: str, anchor: str
) -> None:
    draw.text(at, text, font=font(size), fill=colour, anchor=anchor, stroke_width=3, stroke_fill=PAPER)


def _boxed(  # noqa: PLR0917  # as draw.text takes them
    draw: Any, at: Place, text: str, size: int, ink: str, paper: str
) -> None:
    x, y = at
    wide = draw.textlength(text, font=font(size))
    draw.rounded_rectangle((x, y, x + wide + 24, y + size + 18), 6, fill=paper)
    draw.text((x + 12, y + size / 2 + 8), text, font=font(size), fill=ink, anchor="lm")
