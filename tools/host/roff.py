"""Turns the project's documents into text for man: the Markdown that they use, and no more of it.

Tables become tagged paragraphs, since cells of whole sentences find no room beside each other on a terminal.
"""

import re
import textwrap

FENCE = re.compile(r"^(\s*)```")
ROW = re.compile(r"^\s*\|(.*)\|\s*$")
RULE = re.compile(r"^[\s|:-]+$")
HEADING = re.compile(r"^(#+) (.*)$")
ITEM = re.compile(r"^(\s*)(-|\d+\.) (.*)$")
INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]*)\]\([^)\s]*\)")
CELL_END = re.compile(r"(?<!\\)\|(?=(?:[^`]*`[^`]*`)*[^`]*$)")  # a bar that is neither escaped nor in code


def escape(text, is_code=False):
    """Plain text; in code a hyphen is the character that a user types."""
    text = text.replace("\\", "\\e").replace("'", "\\(aq" if is_code else "'")
    text = text.replace("-", "\\-") if is_code else text
    text = "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in text)
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def inline(text):
    """One paragraph's text: code and emphasis are bold, of links the text stays."""
    parts, at = [], 0
    for match in INLINE.finditer(text):
        parts.append(escape(text[at : match.start()]))
        code, strong, link = match.groups()
        if link is not None:
            parts.append(inline(link))
        else:
            parts.append(f"\\fB{escape(code or strong, bool(code))}\\fR")
        at = match.end()
    return fill("".join([*parts, escape(text[at:])]))


def fill(text):
    """Lines of roff as its own style wants them: each sentence on a line of its own, none too long."""
    sentences = re.split(r"(?<=[a-z)R][.!?])\s+(?=[A-Z\\])", " ".join(text.split()))
    lines = [line for sentence in sentences
             for line in textwrap.wrap(sentence, 78, break_long_words=False, break_on_hyphens=False)]  # fmt: skip
    return "\n".join(re.sub(r"^([.'])", r"\\&\1", line) for line in lines)


def plain(text):
    """A paragraph without marks."""
    return fill(escape(text))


def heading(text, level):
    """A section (level 1) or subsection."""
    text = escape((text.upper() if level == 1 else text).replace("`", ""))
    return f'.S{"H" if level == 1 else "S"} {quoted(text)}'


def quoted(text):
    return '"' + text.replace('"', '\\(dq') + '"'


def literal(text):
    """Lines as they are."""
    return f".PP\n.RS 4\n.EX\n{escape(text.rstrip(), True)}\n.EE\n.RE"


def tagged(tag, text):
    """A tagged paragraph of text that is ready."""
    return f".TP 4\n{tag}\n{text}"


def convert(text, top=1):
    """Returns the roff of a document or a part of one. Its headings of level `top` become sections, deeper ones
    subsections."""
    return "\n".join(_blocks(text.splitlines(), top)) + "\n"


def _blocks(lines, top):
    at, out = 0, []
    while at < len(lines):
        line = lines[at]
        end = at + 1
        if not line.strip():
            pass
        elif match := HEADING.match(line):
            out.append(heading(match[2], 1 if len(match[1]) <= top else 2))
        elif FENCE.match(line):
            while end < len(lines) and not FENCE.match(lines[end]):
                end += 1
            out.append(literal(textwrap.dedent("\n".join(lines[at + 1 : end]))))
            end += 1
        elif ROW.match(line):
            while end < len(lines) and ROW.match(lines[end]):
                end += 1
            out += _table(lines[at:end])
        elif line.startswith("    "):
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            out.append(literal(textwrap.dedent("\n".join(lines[at:end]))))
        elif match := ITEM.match(line):
            indent = len(match[1]) + len(match[2]) + 1
            while end < len(lines) and _continues(lines[end], indent):
                end += 1
            out += _item(match, lines[at:end], indent)
        else:
            while end < len(lines) and not _begins_block(lines[end]):
                end += 1
            out.append(".PP\n" + inline("\n".join(each.strip() for each in lines[at:end])))
        at = end
    return out


def _begins_block(line):
    return not line.strip() or any(each.match(line) for each in (HEADING, FENCE, ROW, ITEM))


def _continues(line, indent):
    return not line.strip() or line.startswith(" " * indent)


def _item(match, lines, indent):
    """A list's item: its first paragraph beside the mark, what else it has indented."""
    inner = [match[3], *(line[indent:] for line in lines[1:])]
    end = next((at for at in range(1, len(inner)) if _begins_block(inner[at])), len(inner))
    first = inline("\n".join(each.strip() for each in inner[:end]))
    mark = "\\(bu 2" if match[2] == "-" else f'"{match[2]}" 4'
    rest = [block for block in _blocks(inner[end:], 0) if block]
    return [f".IP {mark}\n{first}", *([".RS 4", *rest, ".RE"] if rest else [])]


def cells(line):
    return [cell.strip().replace("\\|", "|") for cell in CELL_END.split(ROW.match(line)[1])]


def _table(lines):
    titles = cells(lines[0])
    for line in lines[1:]:
        if RULE.match(line):
            continue
        tag, *rest = cells(line)
        if len(titles) > 2:
            rest = [f"{title}: {cell}" if title.strip() else cell for title, cell in zip(titles[1:], rest) if cell]
        yield tagged(inline(tag).replace("\n", " ") or "\\ ", "\n.br\n".join(inline(cell) for cell in rest if cell) or "\\ ")
