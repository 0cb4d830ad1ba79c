"""Drawings as SVG, for pages and other people's layouts. Text stays text, in the reader's own fonts."""

from xml.sax.saxutils import escape

from nodes.printing.drawing import Bar, Drawing, Symbol, Text, runs

ANCHORS = {"left": "start", "right": "end", "centre": "middle"}


def svg(drawing: Drawing) -> bytes:
    parts = []
    for piece in drawing.pieces:
        match piece:
            case Text(x, y, type_size, text, align):
                anchor = ANCHORS[align]
                place = f'x="{x:.2f}" y="{y:.2f}" font-size="{type_size:.2f}" text-anchor="{anchor}"'
                parts.append(f"<text {place}>{escape(text)}</text>")
            case Bar(x, y, wide, high):
                parts.append(f'<rect x="{x:.2f}" y="{y:.2f}" width="{wide:.2f}" height="{high:.2f}"/>')
            case Symbol(x, y, module, matrix):
                path = "".join(f"M{column} {row}h{length}v1h-{length}z" for row, column, length in runs(matrix))
                place = f"translate({x:.3f} {y:.3f}) scale({module:.5f})"
                parts.append(f'<path transform="{place}" shape-rendering="crispEdges" d="{path}"/>')
    size = f'width="{drawing.width:g}mm" height="{drawing.height:g}mm"'
    fonts = "'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width:g} {drawing.height:g}" {size}'
        f' font-family="{fonts}"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    ).encode()
