"""The rows as bars, in an SVG for the README."""

from html import escape

from benchmarks.rows import Row

WIDTH, LEFT, LINE, BAR = 860, 300, 34, 16
INK, FAINT = "#1c1917", "#78716c"
LONGEST = WIDTH - LEFT - 90


def draw(rows: list[Row]) -> str:
    """One bar per row, as long as its ratio (cut at 20), with a line at 1: the stock tool."""
    shown = [row for row in rows if row.ratio >= 1.05]
    scale = LONGEST / min(20, max((row.ratio for row in shown), default=1))
    height = 60 + LINE * len(shown)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" '
        'font-size="14">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="16" y="24" font-weight="600" fill="{INK}">Times as fast as the stock tool, on one machine</text>',
    ]
    for i, row in enumerate(shown):
        y = 48 + LINE * i
        length = min(row.ratio, 20) * scale
        out += [
            f'<text x="{LEFT - 12}" y="{y + 8}" text-anchor="end" fill="{INK}">{escape(row.path)}</text>',
            f'<text x="{LEFT - 12}" y="{y + 22}" text-anchor="end" font-size="11" fill="{FAINT}">'
            f"{escape(row.against)}</text>",
            f'<rect x="{LEFT}" y="{y}" width="{length:.0f}" height="{BAR}" rx="3" fill="#4f46e5"/>',
            f'<text x="{LEFT + length + 8:.0f}" y="{y + 13}" font-weight="600" fill="{INK}">{row.ratio:.1f}x</text>',
        ]
    at = LEFT + scale
    line = f'<line x1="{at:.0f}" x2="{at:.0f}" y1="40" y2="{height - 12}" stroke="{FAINT}" stroke-dasharray="3 3"/>'
    return "\n".join([*out, line, "</svg>"]) + "\n"
